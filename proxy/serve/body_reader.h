// Takes the framing of an HTTP/1 body away (length, chunked, until close): octets from a stream become runs of a body.
//
// Invariants: never reads while a run is here that has not been taken (back-pressure), nor beyond the budget of the
//   wake; never takes a byte of the next message. Where much is to come, and the sink keeps up, a turn begins with one
//   long read: what follows a read – the word to the other side that there is room again, and what that sends at
//   once – costs more than the copying.
// Threads: one worker. Owns nothing but its decoder; stream and buffer belong to the connection.
#pragma once

#include <cstdint>

#include "proxy/http/chunked.h"
#include "proxy/http/framing.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/net/stream.h"
#include "proxy/serve/run.h"
#include "proxy/serve/trailers.h"
#include "proxy/serve/turn_budget.h"

namespace switchyard::serve {

class Frames;

// What there is of a body.
enum class Pull : std::uint8_t {
    here,         // a run
    wait,         // nothing yet
    others_turn,  // the budget is used up; there may be more at once
    closed,       // ended before the body was complete
    failed,
    bad,  // broken chunked coding
    too_large,
};

class BodyReader {
  public:
    // `limit` 0: none. `trailers`: those wanted are collected; null: none are. `piece`: no more is read at a time.
    void start(const http::Body& body, std::uint64_t limit, Trailers* trailers, std::size_t piece) {
        body_ = body;
        limit_ = limit;
        piece_ = piece;
        run_ = framed_ = 0;
        ended_ = touched_ = broken_ = filled_ = false;
        body_bytes_ = 0;
        if (body.kind == http::Body::Kind::chunked) start_decoder(trailers);
    }
    // `flows`: the sink has taken the run before at once. `spare_broken`: octets before a fault of the coding are a run
    // all the same, and the fault comes after them.
    Pull pull(net::Stream& stream, net::Buffer& buffer, TurnBudget& budget, bool flows, bool spare_broken, Run& run);
    // Of a lane whose framing is its connection's.
    Pull pull(Frames& frames, Run& run);
    // So many octets of the run have gone on; with the last of them its framing goes, too.
    void take(net::Buffer& buffer, std::size_t octets) {
        run_ -= octets;
        if (run_ != 0) return;
        if (framed_ != 0) buffer.consume(framed_);
        framed_ = 0;
        let_long_go(buffer);
    }

    std::uint64_t body_bytes() const { return body_bytes_; }
    // Any byte was taken from the stream, framing included: the body cannot be begun anew.
    bool touched() const { return touched_; }

  private:
    void start_decoder(Trailers* trailers);
    static void let_long_go(net::Buffer& buffer) {
        if (buffer.is_long() && buffer.empty()) [[unlikely]]
            buffer.release();
    }
    bool much_to_come() const {
        return body_.kind == http::Body::Kind::length ? body_.length > net::BufferPool::kBlock : filled_;
    }
    // The next run of what is buffered. `wait`: more input is needed.
    Pull next(net::Buffer& buffer, bool spare_broken, Run& run);
    Pull next_chunks(net::Buffer& buffer, bool spare_broken, Run& run);

    http::Body body_;
    http::ChunkedDecoder decoder_;
    std::size_t run_ = 0;     // octets of the run that have not been taken
    std::size_t framed_ = 0;  // of the buffer once the run is taken
    bool ended_ = false;      // the stream has
    bool broken_ = false;     // the coding is
    bool touched_ = false;
    bool filled_ = false;  // the last read brought all that was asked for
    std::uint64_t limit_ = 0, body_bytes_ = 0;
    std::size_t piece_ = net::BufferPool::kBlock;
};

}  // namespace switchyard::serve
