// Strict, incremental parser of HTTP/1 heads (RFC 9112 §2–§5): what two recipients could read in two ways is refused.
//
// Feed it the bytes read so far, always from the start of the message; it continues at the line where it stopped.
//   A line ends with CRLF, nothing else. No obs-fold, no space before the colon, no empty name, no control characters,
//   exactly one space on either side of the target. Up to kLeadingLines empty lines before a request are skipped by
//   the caller with skip_empty_lines().
// Threads: plain value. Owns nothing; fills a Head. Errors: Outcome.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/http/head.h"

namespace switchyard::http {

// RFC 9112 §2.2: a server ought to ignore at least one empty line before the request line; old clients send one.
inline constexpr unsigned kLeadingLines = 2;

class HeadParser {
  public:
    enum class Outcome : std::uint8_t {
        more,         // not complete yet, nothing wrong so far
        done,         // `head` is filled
        bad,          // malformed: 400, or 502 from upstream
        target_long,  // the request line alone exceeds the limit: 414
        too_large,    // the head exceeds kMaxHead or kMaxFields: 431
        bad_version,  // well-formed, but not HTTP/1.0 or HTTP/1.1: 505
    };

    void reset() { line_start_ = 0, started_ = false; }
    Outcome request(std::string_view bytes, Head& head) { return parse(bytes, head, true); }
    Outcome response(std::string_view bytes, Head& head) { return parse(bytes, head, false); }

    // How many bytes of CRLF pairs stand in front; bounded by kLeadingLines.
    static std::size_t skip_empty_lines(std::string_view bytes);

  private:
    Outcome parse(std::string_view bytes, Head& head, bool request);

    std::size_t line_start_ = 0;
    bool started_ = false;
};

// One field line without its CRLF, at `offset` of `base`; false when malformed. Shared with trailers.
bool parse_field_line(const char* base, std::size_t offset, std::size_t length, Field& field);

}  // namespace switchyard::http
