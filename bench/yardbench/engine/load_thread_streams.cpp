// Calls over HTTP/2: several slots share a line. What they have to say in one turn goes out in one piece.
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "bench/yardbench/engine/load_thread.h"

namespace yardbench {

void LoadThread::launch_stream(Slot& slot, std::uint32_t id) {
    slot.state = State::connecting;
    Line& line = lines_[slot.line];
    line.streams.push_back(id);
    if (line.state == State::idle)
        open(line, slot.line);
    else if (line.state == State::receiving)
        submit(slot, id);
}

void LoadThread::open(Line& line, std::uint32_t index) {
    line.fd = ::socket(plan_.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line.fd < 0) throw std::system_error(errno, std::generic_category(), "socket (raise the limit of open files?)");
    const int on = 1;
    ::setsockopt(line.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (line.opened_before) ++tally_.reconnects;
    line.opened_before = true;
    ++line.epoch;
    line.state = State::connecting;
    // Whether it stands is told by the set, at once or later: no stream is submitted, and none fails, within launch().
    if (::connect(line.fd, reinterpret_cast<const sockaddr*>(&plan_.address), plan_.address_length) != 0 &&
        errno != EINPROGRESS)
        line.ended = Failure::refused;
    ready_.add(line.fd, EPOLLIN | EPOLLOUT, index, line.epoch);
}

// The handshake is over, or none is needed.
void LoadThread::opened(Line& line, std::uint32_t index) {
    line.state = State::receiving;
    line.link = std::make_unique<Http2Link>(static_cast<Http2Link::Events&>(*this), secure_ ? "https" : "http");
    const std::vector<std::uint32_t> waiting = line.streams;
    for (const std::uint32_t id : waiting) submit(slots_[id], id);
    mark_dirty(index);
}

void LoadThread::shake(Line& line, std::uint32_t index) {
    line.state = State::shaking;
    if (line.ssl == nullptr) line.ssl = secure_->begin(line.fd);
    switch (secure_->shake(line.ssl)) {
        case Secure::Step::done:
            if (!secure_->agreed(line.ssl)) return end_line(line, Failure::refused);
            ready_.change(line.fd, EPOLLIN, index, line.epoch);
            return opened(line, index);
        case Secure::Step::wants_read:
            return ready_.change(line.fd, EPOLLIN, index, line.epoch);
        case Secure::Step::wants_write:
            return ready_.change(line.fd, EPOLLIN | EPOLLOUT, index, line.epoch);
        default:
            return end_line(line, Failure::refused);
    }
}

// A line that takes no more (it has been told to go) ends with its last stream; who comes meanwhile waits for the next.
void LoadThread::submit(Slot& slot, std::uint32_t id) {
    Line& line = lines_[slot.line];
    if (!line.link->takes_more()) return mark_dirty(slot.line);
    const std::size_t head = slot.call.bytes.find("\r\n\r\n") + 4;
    slot.body = slot.call.bytes.substr(head);
    slot.sent = now();
    slot.stream = line.link->submit(id, slot.call.bytes.substr(0, head), !slot.body.empty());
    if (slot.stream == 0) return;
    ++tally_.all.sent;
    slot.state = State::receiving;
    mark_dirty(slot.line);
}

void LoadThread::mark_dirty(std::uint32_t index) {
    if (lines_[index].dirty) return;
    lines_[index].dirty = true;
    dirty_.push_back(index);
}

void LoadThread::on_line_event(std::uint32_t index, std::uint32_t epoch, std::uint32_t events) {
    Line& line = lines_[index];
    if (line.epoch != epoch || line.fd < 0) return;
    if (line.state == State::connecting) {
        int error = 0;
        socklen_t length = sizeof error;
        ::getsockopt(line.fd, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0 || line.ended != Failure::none) return end_line(line, Failure::refused);
        if ((events & EPOLLOUT) == 0) return;
        if (secure_) return shake(line, index);
        ready_.change(line.fd, EPOLLIN, index, line.epoch);
        return opened(line, index);
    }
    if (line.state == State::shaking) return shake(line, index);
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(line, index);
    if (line.fd >= 0 && line.epoch == epoch && (events & EPOLLOUT) != 0) mark_dirty(index);
}

// What OpenSSL holds already makes no socket ready: all that is there is read.
void LoadThread::read(Line& line, std::uint32_t index) {
    for (;;) {
        const ssize_t got = receive_some(line.fd, line.ssl);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (got < 0) return end_line(line, Failure::reset);
        if (got == 0) return end_line(line, Failure::closed_early);
        tally_.bytes_in += static_cast<std::uint64_t>(got);
        if (!line.link->feed({scratch_.data(), static_cast<std::size_t>(got)}))
            return end_line(line, Failure::malformed);
        if (line.ssl == nullptr && static_cast<std::size_t>(got) < scratch_.size()) break;
    }
    mark_dirty(index);  // windows and acknowledgements
}

void LoadThread::flush(Line& line, std::uint32_t index) {
    if (line.state != State::receiving) return;
    if (line.written == line.out.size()) {
        line.out.clear();
        line.written = 0;
    }
    line.link->take_output(line.out);
    while (line.written < line.out.size()) {
        const ssize_t sent = send_some(line.fd, line.ssl, std::string_view(line.out).substr(line.written));
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) return end_line(line, Failure::reset);
            if (!line.wants_room) ready_.change(line.fd, EPOLLIN | EPOLLOUT, index, line.epoch);
            line.wants_room = true;
            return;
        }
        line.written += static_cast<std::size_t>(sent);
    }
    if (line.wants_room) ready_.change(line.fd, EPOLLIN, index, line.epoch);
    line.wants_room = false;
    if (line.link->over()) return end_line(line, Failure::malformed);
    const bool idle = std::ranges::none_of(line.streams, [this](std::uint32_t id) { return slots_[id].stream != 0; });
    if (idle && !line.link->takes_more()) end_line(line, Failure::none);
}

void LoadThread::flush_lines() {
    for (std::size_t i = 0; i < dirty_.size(); ++i) {  // grows meanwhile
        const std::uint32_t index = dirty_[i];
        lines_[index].dirty = false;
        flush(lines_[index], index);
    }
    dirty_.clear();
}

// Its call is over, on the line or without it.
void LoadThread::leave_line(Slot& slot, std::uint32_t id) {
    if (lines_.empty()) return;
    Line& line = lines_[slot.line];
    std::erase(line.streams, id);
    if (slot.stream != 0 && line.link) {
        line.link->abandon(slot.stream);
        mark_dirty(slot.line);
    }
    slot.stream = 0;
}

// A call that was on it is told; one that was not sent yet goes with the next, where it ended in order.
void LoadThread::end_line(Line& line, Failure failure) {
    Secure::end(line.ssl);
    line.ssl = nullptr;
    if (line.fd >= 0) ::close(line.fd);
    line.fd = -1;
    ++line.epoch;
    const bool was_open = line.state == State::receiving;
    line.state = State::idle;
    line.ended = Failure::none;
    line.wants_room = false;
    line.out.clear();
    line.written = 0;
    const std::unique_ptr<Http2Link> gone = std::move(line.link);
    const std::vector<std::uint32_t> streams = std::move(line.streams);
    line.streams.clear();
    for (const std::uint32_t id : streams) {
        Slot& slot = slots_[id];
        const bool sent = slot.stream != 0;
        slot.stream = 0;
        if (was_open && !sent) {
            launch_stream(slot, id);
        } else {
            slot.state = sent ? State::receiving : State::connecting;
            finish(slot, id, failure == Failure::none ? Failure::closed_early : failure);
        }
    }
}

void LoadThread::field(std::uint32_t id, std::string_view name, std::string_view value) {
    if (slots_[id].reader.take_field(name, value) == ResponseReader::Progress::malformed)
        finish(slots_[id], id, Failure::malformed);  // and its stream is abandoned
}

void LoadThread::body(std::uint32_t id, std::string_view octets) {
    slots_[id].reader.take_body(octets);
}

void LoadThread::over(std::uint32_t id, bool refused) {
    Slot& slot = slots_[id];
    const bool whole = !refused && slot.reader.whole();
    std::erase(lines_[slot.line].streams, id);
    slot.stream = 0;
    finish(slot, id, whole ? Failure::none : Failure::reset);
}

std::string_view* LoadThread::body_of(std::uint32_t id, std::int32_t stream) {
    Slot& slot = slots_[id];
    return slot.stream == stream ? &slot.body : nullptr;
}

}  // namespace yardbench
