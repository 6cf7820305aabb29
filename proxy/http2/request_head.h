// The wall: fields of a request's header block become a head as the HTTP/1 parser would have made it, or are refused.
//
// What stands behind (target, framing guard, routing, forwarding) then treats both versions with the same code and can
//   be told nothing that HTTP/1 could not say. The text holds the method, the target and whole lines
//   "name: value" CRLF: `:authority` as Host, cookies joined into one line (RFC 9113 §8.2.3).
// field() is called for every field of the block, also after a fault: the connection's HPACK table lives on. The first
//   fault stands.
// Verdicts: malformed is RST_STREAM with PROTOCOL_ERROR (RFC 9113 §8.1.1); bad and too_large are answered, 400 and 431.
// Invariants: a head that is fine has a method, a target and exactly one Host; names are tokens in lower case, values
//   are free of controls and of space around them; nothing that belongs to one connection is in it.
// Pure. Owns nothing: `text` and `head` are the caller's and must outlive it. Source: RFC 9113 §8.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proxy/http/head.h"
#include "proxy/http2/body_watch.h"
#include "proxy/http2/head_lines.h"

namespace switchyard::http2 {

class RequestHead {
  public:
    enum class Verdict : std::uint8_t { fine, malformed, bad, too_large };

    // `text` has http::kMaxHead octets.
    RequestHead(std::span<char> text, http::Head& head) : text_(text), head_(head), lines_(text, head) {}

    void field(std::string_view name, std::string_view value);
    // The block is whole. `end_stream`: no body follows. `extended_connect`: we have announced RFC 8441.
    Verdict end(bool end_stream, bool extended_connect);

    // What the head said about its body.
    BodyWatch body() const { return {text_.data(), head_, false}; }

    // Why, in a word for the log; null when fine.
    const char* why() const { return why_; }
    // `te: trailers` came: the client reads trailers.
    bool reads_trailers() const { return reads_trailers_; }
    // Of an extended CONNECT (RFC 8441), else empty.
    std::string_view protocol() const { return text_of(protocol_); }

  private:
    enum Pseudo : std::uint8_t { kMethod = 1, kScheme = 2, kAuthority = 4, kPath = 8, kProtocol = 16 };

    struct Place {
        Pseudo which;
        http::Slice* where;
    };

    std::string_view text_of(http::Slice slice) const { return slice.of(text_.data()); }
    bool has(Pseudo which) const { return (seen_ & which) != 0; }
    void fail(Verdict verdict, const char* why);
    std::optional<Place> known_pseudo(std::string_view name);
    void pseudo(std::string_view name, std::string_view value);
    void regular(std::string_view name, std::string_view value);
    void line(std::string_view name, std::string_view value);
    void added(HeadLines::Fit fit);
    void append(std::string_view octets, http::Slice* where);
    void host_line();
    void check_connect(bool extended_connect);
    void check_length(bool end_stream);

    std::span<char> text_;
    http::Head& head_;
    HeadLines lines_;
    http::Slice scheme_{0, 0}, authority_{0, 0}, protocol_{0, 0};
    std::uint8_t seen_ = 0;
    bool regular_began_ = false;
    bool host_came_ = false;  // beside :authority, with the same value
    bool reads_trailers_ = false;
    Verdict verdict_ = Verdict::fine;
    const char* why_ = nullptr;
};

// A name as HTTP/2 wants it: a token without capitals.
bool is_field_name(std::string_view name);
// A value without controls, and without space at either end (RFC 9113 §8.2.1).
bool is_field_value(std::string_view value);
// Fields that speak of one connection (RFC 9113 §8.2.2): a message that has one is malformed.
bool is_of_connection(http::FieldName name);

}  // namespace switchyard::http2
