// Reads HTTP/1.1 responses from bytes as they come, one response after another, without allocating in the usual case
// (head and body in one piece). Not a general parser: it looks only at what a load generator has to know.
//
// Invariants: feed() never consumes a byte beyond the end of the current response.
// Threads: one. Owns: the copy of an incomplete head; of the head and body too when asked to keep them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/yardbench/engine/colours.h"

namespace yardbench {

// What to look for in a response head. Shared by all connections of a run.
struct Wanted {
    std::string colour_header = "X-Forum-Colour";
    Colours colours;
};

class ResponseReader {
  public:
    enum class Progress { more, complete, malformed };

    explicit ResponseReader(const Wanted* wanted = nullptr) : wanted_(wanted) {}

    // Gets ready for the next response. `head_request`: it answers HEAD, so it has no body.
    void begin(bool head_request, bool keep_text);
    // Takes bytes; `used` says how many belong to this response.
    Progress feed(std::string_view bytes, std::size_t& used);
    // The peer has closed: complete for a body that runs until close, else malformed or more (nothing came at all).
    Progress end_of_stream();

    // HTTP/2, where others have taken the framing off: a field, ":status" one of them, a part of the body, the end.
    Progress take_field(std::string_view name, std::string_view value);
    void take_body(std::string_view octets);
    void take_end() { ended_ = true; }
    bool whole() const { return ended_ && status_ >= 200; }

    bool started() const { return started_; }
    std::uint16_t status() const { return status_; }
    bool keep_alive() const { return keep_alive_; }
    std::uint8_t colour() const { return colour_; }
    std::int8_t grpc_status() const { return grpc_status_; }
    std::uint64_t generation() const { return generation_; }
    // Only when begin() was asked to keep the text.
    std::string_view body() const { return body_; }
    std::string_view header(std::string_view name) const;

  private:
    enum class State { head, body, until_close, chunk_size, chunk_data, chunk_end, trailers, complete };

    Progress unfinished_head() const;
    Progress read_head(std::string_view head);
    bool read_line(std::string_view name, std::string_view value);
    Progress read_body(std::string_view bytes, std::size_t& used);
    bool read_chunk_size(std::string_view line);

    const Wanted* wanted_;
    State state_ = State::head;
    bool head_request_ = false;
    bool keep_text_ = false;
    bool started_ = false;
    bool keep_alive_ = true;
    bool chunked_ = false;
    bool has_length_ = false;
    bool says_close_ = false;
    bool ended_ = false;  // HTTP/2
    std::int8_t grpc_status_ = -1;
    std::uint8_t colour_ = 0;
    std::uint16_t status_ = 0;
    std::uint64_t generation_ = 0;
    std::uint64_t left_ = 0;  // body bytes, or bytes of the current chunk, still to come
    std::string partial_;     // an incomplete head or line
    std::string head_;
    std::string body_;
};

}  // namespace yardbench
