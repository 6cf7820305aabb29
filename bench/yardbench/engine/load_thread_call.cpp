// One call on its connection: connected, written, read. What comes before and after is in load_thread.cpp.
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bench/yardbench/engine/load_thread.h"

namespace yardbench {

void LoadThread::launch(Slot& slot, std::uint32_t id) {
    ++slot.attempts;
    slot.written = 0;
    slot.reader.begin(slot.call.head, slot.call.keep_text);
    slot.launched = slot.sent = now();
    slot.deadline = slot.sent + plan_.timeout;
    if (!lines_.empty()) return launch_stream(slot, id);
    if (slot.fd < 0)
        connect(slot, id);
    else
        write(slot, id);
}

void LoadThread::connect(Slot& slot, std::uint32_t id) {
    slot.fd = ::socket(plan_.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (slot.fd < 0) throw std::system_error(errno, std::generic_category(), "socket (raise the limit of open files?)");
    const int on = 1;
    ::setsockopt(slot.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (slot.opened_before) ++tally_.reconnects;
    slot.opened_before = true;
    ++slot.epoch;
    const int result = ::connect(slot.fd, reinterpret_cast<const sockaddr*>(&plan_.address), plan_.address_length);
    if (result != 0 && errno != EINPROGRESS) {
        slot.state = State::connecting;
        finish(slot, id, Failure::refused);
        return;
    }
    if (result == 0) {
        ready_.add(slot.fd, EPOLLIN, id, slot.epoch);
        if (secure_)
            shake(slot, id);
        else
            write(slot, id);
        return;
    }
    slot.state = State::connecting;
    ready_.add(slot.fd, EPOLLIN | EPOLLOUT, id, slot.epoch);
}

void LoadThread::write(Slot& slot, std::uint32_t id) {
    const std::string_view rest = slot.call.bytes.substr(slot.written);
    if (slot.written == 0) {
        slot.sent = now();
        ++tally_.all.sent;
    }
    const ssize_t sent = send_some(slot.fd, slot.ssl, rest);
    const bool was_sending = slot.state == State::sending;
    if (sent < 0 && errno != EAGAIN) {
        slot.state = State::sending;
        finish(slot, id, Failure::reset);
        return;
    }
    if (sent > 0) slot.written += static_cast<std::size_t>(sent);
    if (slot.written == slot.call.bytes.size()) {
        if (was_sending) ready_.change(slot.fd, EPOLLIN, id, slot.epoch);
        slot.state = State::receiving;
    } else if (!was_sending) {
        slot.state = State::sending;
        ready_.change(slot.fd, EPOLLIN | EPOLLOUT, id, slot.epoch);
    }
}

// The first requests of a batch of new connections, together: one by one, each wakes the proxy for itself, and what is
// measured is the proxy's falling asleep (four times the context switches, a tenth fewer requests per processor
// second).
void LoadThread::write_connected() {
    for (const auto& [id, epoch] : connected_) {
        Slot& slot = slots_[id];
        if (slot.epoch != epoch || slot.state != State::connecting) continue;
        if (secure_)
            shake(slot, id);
        else
            write(slot, id);
    }
    connected_.clear();
}

void LoadThread::on_event(std::uint32_t id, std::uint32_t epoch, std::uint32_t events) {
    if (!lines_.empty()) return on_line_event(id, epoch, events);
    Slot& slot = slots_[id];
    if (slot.epoch != epoch || slot.fd < 0) return;
    switch (slot.state) {
        case State::connecting: {
            int error = 0;
            socklen_t length = sizeof error;
            ::getsockopt(slot.fd, SOL_SOCKET, SO_ERROR, &error, &length);
            if (error != 0) {
                finish(slot, id, Failure::refused);
            } else if ((events & EPOLLOUT) != 0) {
                ready_.change(slot.fd, EPOLLIN, id, slot.epoch);
                connected_.push_back({id, slot.epoch});
            }
            return;
        }
        case State::shaking:
            shake(slot, id);
            return;
        case State::sending:
            if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {  // an early answer, or the end
                read(slot, id);
                return;
            }
            write(slot, id);
            return;
        case State::receiving:
            read(slot, id);
            return;
        case State::idle:
        case State::thinking:
        case State::parked:
            // Nothing was asked: the peer has closed an idle connection, which is its right; or it is TLS that has
            // something to say.
            if (slot.ssl == nullptr || receive_some(slot.fd, slot.ssl) >= 0 || errno != EAGAIN) close(slot);
            return;
    }
}

// What OpenSSL holds already makes no socket ready: there it is read until nothing comes.
void LoadThread::read(Slot& slot, std::uint32_t id) {
    while (read_some(slot, id)) {
    }
}

// True: there may be more of the same response.
bool LoadThread::read_some(Slot& slot, std::uint32_t id) {
    const ssize_t got = receive_some(slot.fd, slot.ssl);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR) finish(slot, id, Failure::reset);
        return false;
    }
    using Read = ResponseReader::Progress;
    Read progress;
    if (got == 0) {
        progress = slot.reader.end_of_stream();
        if (progress != Read::complete) {
            finish(slot, id, Failure::closed_early);
            return false;
        }
    } else {
        tally_.bytes_in += static_cast<std::uint64_t>(got);
        std::size_t used = 0;
        progress = slot.reader.feed({scratch_.data(), static_cast<std::size_t>(got)}, used);
        // Bytes after the end of a response that was not asked for: the framing is broken.
        if (progress == Read::complete && used != static_cast<std::size_t>(got)) progress = Read::malformed;
    }
    if (progress == Read::more) return slot.ssl != nullptr;
    finish(slot, id, progress == Read::complete ? Failure::none : Failure::malformed);
    return false;
}

// The handshake of a new connection; then its request.
void LoadThread::shake(Slot& slot, std::uint32_t id) {
    slot.state = State::shaking;
    if (slot.ssl == nullptr) slot.ssl = secure_->begin(slot.fd);
    switch (secure_->shake(slot.ssl)) {
        case Secure::Step::done:
            ready_.change(slot.fd, EPOLLIN, id, slot.epoch);
            write(slot, id);
            return;
        case Secure::Step::wants_read:
            return;
        case Secure::Step::wants_write:
            ready_.change(slot.fd, EPOLLIN | EPOLLOUT, id, slot.epoch);
            return;
        default:
            finish(slot, id, Failure::refused);
    }
}

// As send() and recv() would, errno included.
ssize_t LoadThread::send_some(int fd, SSL* ssl, std::string_view bytes) {
    if (ssl == nullptr) return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    std::size_t taken = 0;
    const auto step = secure_->write(ssl, bytes.data(), bytes.size(), taken);
    if (step == Secure::Step::done) return static_cast<ssize_t>(taken);
    errno = step == Secure::Step::wants_write || step == Secure::Step::wants_read ? EAGAIN : EPIPE;
    return -1;
}

ssize_t LoadThread::receive_some(int fd, SSL* ssl) {
    if (ssl == nullptr) return ::recv(fd, scratch_.data(), scratch_.size(), 0);
    std::size_t got = 0;
    switch (secure_->read(ssl, scratch_.data(), scratch_.size(), got)) {
        case Secure::Step::done:
            return static_cast<ssize_t>(got);
        case Secure::Step::closed:
            return 0;
        case Secure::Step::failed:
            errno = ECONNRESET;
            return -1;
        default:
            errno = EAGAIN;
            return -1;
    }
}

void LoadThread::close(Slot& slot) {
    if (slot.fd < 0) return;
    Secure::end(slot.ssl);
    slot.ssl = nullptr;
    ::close(slot.fd);
    slot.fd = -1;
    ++slot.epoch;
}

}  // namespace yardbench
