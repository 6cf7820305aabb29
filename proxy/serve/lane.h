// A place for one exchange on a connection: what comes by it and what goes. An exchange has two of them, its client's
// (client_lane.h) and its endpoint's (endpoint_lane.h), and knows no more of a connection.
//
// Back-pressure: the octets of a body stay with the lane they came by until the other side has taken them; no lane
//   queues for another. pull() shows octets that are here, push() takes what goes now, take() says how much has gone.
// HTTP/1: the framing is BodyReader's and BodyWriter's, and a connection has one lane. HTTP/2: a connection has many,
// and
//   frames for them (`frames`); `stream` then stands for the lane alone, and its flags say what the lane may do.
// What a connection by itself may do (be kept, be cut) is said by the exchange's end to the owner of the connection.
// Threads: one worker. Owns the framing of both ways; stream and buffer are the connection's.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "proxy/net/stream.h"
#include "proxy/serve/body_reader.h"
#include "proxy/serve/body_writer.h"
#include "proxy/serve/frames.h"

namespace switchyard::serve {

class Lane {
  public:
    explicit Lane(net::Buffer& in, net::Stream* stream = nullptr, Frames* frames = nullptr)
        : frames_(frames), stream_(stream), in_(in) {}
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    // What comes: a body, announced by the head before it. A whole run is taken before the next is pulled.
    // It goes to `sink`.
    void expect(const http::Body& body, std::uint64_t limit, Trailers* trailers, const Lane& sink) {
        reader_.start(body, limit, trailers, sink.stream_->piece());
    }
    // `flows`: where it goes has taken the run before at once.
    Pull pull(TurnBudget& budget, bool flows, bool spare_broken, Run& run) {
        if (frames_ != nullptr) [[unlikely]]
            return reader_.pull(*frames_, run);
        return reader_.pull(*stream_, in_, budget, flows, spare_broken, run);
    }
    void take(std::size_t octets) {
        if (frames_ != nullptr) [[unlikely]]
            return frames_->take(octets);
        reader_.take(in_, octets);
    }
    // Copies the body behind the head in `head`, where it has a length of at most `most` and is here as a whole.
    bool append_whole_body(const http::Body& body, std::size_t most, net::Buffer& head);
    std::uint64_t body_bytes() const { return reader_.body_bytes(); }
    bool body_touched() const { return reader_.touched(); }
    bool nothing_unread() const { return in_.empty(); }

    // What goes: a head, with the first octets of its body if they are here in time, and the body. `trailers` end it.
    void send_head(std::string_view lines, Coding coding, Trailers* trailers) {
        writer_.start(coding, lines, trailers);
    }
    // `from`: where the run comes from; more of it may be had at once.
    Push push(Run& run, const Lane& from) {
        if (frames_ != nullptr) [[unlikely]]
            return writer_.push(*frames_, run);
        const bool more = run.size != 0 && !run.last && from.frames_ == nullptr && from.stream_->readable;
        return writer_.push(*stream_, run, more);
    }
    // What comes from no lane.
    Push push(Run& run) {
        if (frames_ != nullptr) return writer_.push(*frames_, run);
        return writer_.push(*stream_, run, false);
    }
    bool waits_for_run() const { return writer_.waits_for_run(); }
    std::uint64_t sent_bytes() const { return writer_.sent_bytes(); }
    // Octets mean nothing any more and go both ways; this way ends here. False: not yet, some still wait.
    bool end_tunnel() {
        if (frames_ != nullptr) return true;  // the end went with the last frame
        return stream_->settle() && stream_->shutdown_send();
    }
    // Gives an empty buffer back.
    void rest() {
        if (in_.empty()) in_.release();
    }

    bool readable() const { return stream_->readable; }
    bool writable() const { return stream_->writable; }
    // Something may be there to read though no news of it came.
    void look_again() { stream_->readable = true; }

  protected:
    Frames* frames_;  // null: HTTP/1
    net::Stream* stream_;
    net::Buffer& in_;
    BodyReader reader_;
    BodyWriter writer_;
};

inline bool Lane::append_whole_body(const http::Body& body, std::size_t most, net::Buffer& head) {
    if (body.kind != http::Body::Kind::length || body.length == 0 || body.length > most) return false;
    if (frames_ != nullptr) [[unlikely]]
        return frames_->take_whole(static_cast<std::size_t>(body.length), head);
    if (body.length > in_.size()) return false;
    const auto size = static_cast<std::size_t>(body.length);
    if (size > head.room().size()) return false;
    std::memcpy(head.room().data(), in_.data(), size);
    head.filled(size);
    in_.consume(size);
    return true;
}

}  // namespace switchyard::serve
