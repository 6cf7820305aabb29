// The wall towards endpoints: fields of a response's header block become a head as the HTTP/1 parser would have made
// it, or the response is no good.
//
// field() is called for every field of the block, also after a fault: the connection's HPACK table lives on. The first
//   fault stands, and means `bad_response`: the stream is reset, the client gets a 502 or a cut.
// Invariants: a head that is fine has one status from 100 to 599 that is not 101, names that are tokens in lower case,
//   values free of controls and of space around them, at most one content-length, and nothing of one connection.
// Pure. Owns nothing: `text` and `head` are the caller's and must outlive it. Source: RFC 9113 §8.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/http/head.h"
#include "proxy/http2/head_lines.h"

namespace switchyard::http2 {

class ResponseHead {
  public:
    // `text` has http::kMaxHead octets.
    ResponseHead(std::span<char> text, http::Head& head) : lines_(text, head), head_(head) {
        head_.status = 0;
        head_.reason = {0, 0};
    }

    void field(std::string_view name, std::string_view value);
    // The block is whole; `end_stream`: nothing follows it. Null, or why it is no good.
    const char* end(bool end_stream);

    // 1xx: another head follows.
    bool interim() const { return head_.status < 200; }

  private:
    void fail(const char* why) {
        if (why_ == nullptr) why_ = why;
    }
    void status(std::string_view name, std::string_view value);
    void regular(std::string_view name, std::string_view value);

    HeadLines lines_;
    http::Head& head_;
    bool status_came_ = false;
    bool regular_began_ = false;
    const char* why_ = nullptr;
};

}  // namespace switchyard::http2
