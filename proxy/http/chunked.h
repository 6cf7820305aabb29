// The chunked transfer coding (RFC 9112 §7.1), decoded strictly and in place.
//
// feed() takes the bytes that just arrived, moves the data octets to their front and says how much was data. Sizes are
//   plain hex digits; extensions are checked, bounded and dropped; trailers are checked, bounded and dropped unless
//   `keep_trailers` collects their raw lines.
// Threads: plain value. Errors: Outcome::bad; nothing after it may be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

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
    // Collected "name: value\r\n" lines; only when asked for before the first feed().
    std::string* trailers = nullptr;

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

}  // namespace switchyard::http
