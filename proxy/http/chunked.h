// The chunked transfer coding (RFC 9112 §7.1), decoded strictly and in place.
//
// feed() takes the bytes that just arrived, moves the data octets to their front and says how much was data. Sizes are
//   plain hex digits; extensions are checked, bounded and dropped; trailers are checked, bounded and dropped but for
//   those that are asked for by name, whose raw lines are collected. A trailer that speaks of framing, routing or the
//   connection never is: a recipient that merged it into the head would read another message (RFC 9110 §6.5.1).
// Threads: plain value. Errors: Outcome::bad; nothing after it may be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "proxy/http/head.h"

namespace switchyard::http {

class ChunkedDecoder {
  public:
    // Longer extensions or trailers have no honest use and cost memory or time.
    static constexpr std::size_t kMaxExtension = 256;
    static constexpr std::size_t kMaxTrailers = 4096;

    enum class Outcome : std::uint8_t { more, done, bad };
    struct Result {
        Outcome outcome = Outcome::more;
        std::size_t consumed = 0;  // of the input; less than all of it only when done
        std::size_t data = 0;      // octets of body now at the front of the input
    };

    Result feed(std::span<char> input);
    // Collected "name: value\r\n" lines of the names (lower case) in `wanted`, or of all where it is null; set before
    // the first feed(). Null: none are.
    std::string* trailers = nullptr;
    const std::vector<std::string>* wanted = nullptr;

  private:
    enum class State : std::uint8_t {
        size_first,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,
        end_lf,
        finished
    };

    bool trailer_byte(char c);

    State state_ = State::size_first;
    std::uint8_t digits_ = 0;
    std::uint16_t extra_ = 0;  // bytes of extension or trailers so far
    std::uint64_t left_ = 0;   // of the current chunk
    std::string line_;         // the trailer line being read
};

// Which of the `allowed` names (lower case) the Trailer fields of this head announce (RFC 9110 §6.6.2).
std::vector<std::string> announced_trailers(const char* base, const Head& head,
                                            const std::vector<std::string>& allowed);

}  // namespace switchyard::http
