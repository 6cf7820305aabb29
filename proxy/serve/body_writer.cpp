#include "proxy/serve/body_writer.h"

#include <sys/uio.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "proxy/net/socket_calls.h"
#include "proxy/serve/frames.h"

namespace switchyard::serve {

void BodyWriter::frame(std::size_t octets, bool last) {
    framed_ = true;
    if (coding_ == Coding::plain) return;
    if (octets > 0) {
        char* end = std::to_chars(size_line_.data(), size_line_.data() + 16, octets, 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        size_left_ = {size_line_.data(), static_cast<std::size_t>(end - size_line_.data())};
    }
    if (!last) {
        tail_left_ = "\r\n";
    } else if (trailers_ != nullptr && !trailers_->lines.empty()) {
        trailers_->lines.insert(0, octets > 0 ? "\r\n0\r\n" : "0\r\n") += "\r\n";
        tail_left_ = trailers_->lines;
    } else {
        tail_left_ = octets > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n";
    }
}

Push BodyWriter::push(net::Stream& stream, Run& run, bool more) {
    if (!framed_ && (run.size != 0 || run.last)) frame(run.size, run.last);
    // Most messages are a head alone, or one that its body was copied behind: no gathering.
    while (run.size == 0 && size_left_.empty() && tail_left_.empty()) {
        if (head_left_.empty()) {
            framed_ = false;
            if (!more) let_go(stream);
            return Push::out;
        }
        if (!stream.writable) return Push::wait;
        const auto wrote = stream.write(head_left_.data(), head_left_.size());
        if (wrote.status != net::Transfer::Status::done)
            return wrote.status == net::Transfer::Status::again ? Push::wait : Push::failed;
        sent_bytes_ += wrote.bytes;
        head_left_.remove_prefix(wrote.bytes);
    }
    return push_pieces(stream, run, more);
}

void BodyWriter::let_go(const net::Stream& stream) {
    if (!held_) return;
    held_ = false;
    net::send_held(stream.descriptor());
}

Push BodyWriter::push_pieces(net::Stream& stream, Run& run, bool more) {
    for (;;) {
        std::array<iovec, 4> pieces;
        std::size_t count = 0;
        const auto put = [&](const char* octets, std::size_t size) {
            if (size != 0) pieces[count++] = {const_cast<char*>(octets), size};
        };
        put(head_left_.data(), head_left_.size());
        put(size_left_.data(), size_left_.size());
        put(run.octets, run.size);
        put(tail_left_.data(), tail_left_.size());
        if (count == 0) {
            framed_ = false;
            return Push::out;
        }
        if (!stream.writable) {
            let_go(stream);
            return Push::wait;
        }
        const auto wrote = count == 1
                               ? stream.write(static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len, more)
                               : stream.write(std::span(pieces.data(), count), more);
        if (wrote.status == net::Transfer::Status::again) return Push::wait;
        if (wrote.status != net::Transfer::Status::done) return Push::failed;
        held_ = more;
        sent_bytes_ += wrote.bytes;
        std::size_t left = wrote.bytes;
        const auto took = [&left](std::size_t size) {
            const std::size_t n = std::min(left, size);
            left -= n;
            return n;
        };
        head_left_.remove_prefix(took(head_left_.size()));
        size_left_.remove_prefix(took(size_left_.size()));
        const std::size_t octets = took(run.size);
        run.octets += octets;
        run.size -= octets;
        tail_left_.remove_prefix(took(tail_left_.size()));
    }
}

namespace {

Push push_of(Frames::Put put) {
    return put == Frames::Put::out ? Push::out : put == Frames::Put::wait ? Push::wait : Push::failed;
}

}  // namespace

Push BodyWriter::push(Frames& frames, Run& run) {
    constexpr auto kOut = Frames::Put::out;
    if (ended_) return Push::out;
    const bool trailers = trailers_ != nullptr && !trailers_->lines.empty();
    const bool ends = run.last && !trailers;
    if (!framed_ && !head_left_.empty()) {
        const auto end = head_left_.find("\r\n\r\n") + 4;
        const bool alone = ends && run.size == 0 && end == head_left_.size();
        const Frames::Put put = frames.put_head(head_left_.substr(0, end), alone, sent_bytes_);
        if (put != kOut) return push_of(put);
        framed_ = true;  // for good: the head is out
        ended_ = alone;
        head_left_.remove_prefix(end);
        if (alone) return Push::out;
    }
    if (!head_left_.empty()) {
        const bool last = ends && run.size == 0;
        const Frames::Put put = frames.put_data(head_left_, last, sent_bytes_);
        if (put != kOut) return push_of(put);
        ended_ = last;
        if (last) return Push::out;
    }
    if (run.size != 0 || ends) {
        std::string_view octets(run.octets, run.size);
        const Frames::Put put = frames.put_data(octets, ends, sent_bytes_);
        run.octets += run.size - octets.size();
        run.size = octets.size();
        if (put != kOut) return push_of(put);
        ended_ = ends;
    }
    if (!run.last || ended_) return Push::out;
    const Frames::Put put = frames.put_trailers(trailers_->lines, sent_bytes_);
    ended_ = put == kOut;
    return push_of(put);
}

}  // namespace switchyard::serve
