// Moves one message body from a stream to another, in bounded memory and without waiting: step() does what can be done
// now and says what it waits for.
//
// Decodes the framing it reads (length, chunked, until close) and writes the framing it was told to. A lead (the
//   message head) goes out in the same system call as the first octets.
// Invariants: never reads while octets wait to be written (back-pressure), nor beyond the budget of the wake; never
//   takes a byte of the next message.
// Threads: one worker. Owns nothing but its decoder; buffer and streams belong to the exchange.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "proxy/http/chunked.h"
#include "proxy/http/framing.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/net/stream.h"
#include "proxy/serve/turn_budget.h"

namespace switchyard::serve {

class BodyPump {
  public:
    enum class Step : std::uint8_t {
        wait_source,  // nothing to read yet
        wait_sink,    // the sink takes no more now
        others_turn,  // the budget is used up; there may be more to do at once
        done,
        source_closed,  // ended before the body was complete
        source_failed,
        source_bad,  // broken chunked coding
        sink_failed,
        too_large,
    };
    // How the body is written: as it is (length or until close), or chunked.
    enum class Coding : std::uint8_t { plain, chunked };

    // `limit` 0: none. `lead` must stay where it is until it is sent.
    void start(const http::Body& body, Coding coding, std::string_view lead, std::uint64_t limit);
    Step step(net::Stream& source, net::Buffer& buffer, net::Stream& sink, TurnBudget& budget);

    bool finished() const { return finished_; }
    bool lead_sent() const { return lead_left_.empty(); }
    std::uint64_t body_bytes() const { return body_bytes_; }  // octets of body taken from the source
    std::uint64_t sent_bytes() const { return sent_bytes_; }  // everything handed to the sink, framing included
    // True once any byte was taken from the source, framing included: the body cannot be begun anew.
    bool touched() const { return touched_; }
    // Trailer lines of the wanted names, collected by the decoder, go out before the final CRLF. Both set, or none.
    std::string* trailers = nullptr;
    const std::vector<std::string>* wanted_trailers = nullptr;

  private:
    // Prepares the next piece from what is buffered; false when more input is needed.
    bool prepare(net::Buffer& buffer, Step& stop);
    void frame(std::size_t data, bool last);
    Step flush(net::Buffer& buffer, net::Stream& sink);

    http::Body body_;
    Coding coding_ = Coding::plain;
    http::ChunkedDecoder decoder_;
    std::string_view lead_left_;
    std::array<char, 20> chunk_head_{};
    std::size_t chunk_head_size_ = 0, chunk_head_sent_ = 0;
    std::size_t data_ = 0, data_sent_ = 0;  // octets at the front of the buffer
    std::size_t consumed_ = 0;              // of the buffer once the piece is out
    std::string_view tail_left_;
    std::string tail_text_;  // only with trailers
    bool piece_ = false;     // something is waiting to be written
    bool last_ = false;      // and it is the end of the body
    bool source_ended_ = false;
    bool broken_ = false;  // the coding is; what came before goes out first
    bool finished_ = false;
    bool touched_ = false;
    std::uint64_t limit_ = 0, body_bytes_ = 0, sent_bytes_ = 0;
};

}  // namespace switchyard::serve
