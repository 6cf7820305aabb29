// The name of one request, for logs, traces and those who look for it: a trusted peer's, or one of 128 random bits.
//
// Pure; kept in place, so that it costs no allocation.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "proxy/http/characters.h"

namespace switchyard::serve {

class RequestId {
  public:
    bool empty() const { return size_ == 0; }
    std::string_view text() const { return {text_, size_}; }

    // False: what was given is not fit to stand in a header line and a log.
    bool take(std::string_view given) {
        if (given.empty() || given.size() > sizeof text_ || !http::all(given, http::kToken)) return false;
        size_ = static_cast<std::uint8_t>(given.copy(text_, given.size()));
        return true;
    }
    void make(std::uint64_t high, std::uint64_t low) {
        const std::uint64_t digits[] = {hex_digits(high & 0xffffffff), hex_digits(high >> 32),
                                        hex_digits(low & 0xffffffff), hex_digits(low >> 32)};
        static_assert(sizeof digits <= sizeof text_);
        std::memcpy(text_, digits, sizeof digits);
        size_ = sizeof digits;
    }

    // The eight hexadecimal digits of 32 bits, one in each octet, the lowest nibble in the lowest: the nibbles are
    // spread over the octets, and those above 9 are moved on from '9' to 'a'.
    static constexpr std::uint64_t hex_digits(std::uint64_t bits) {
        constexpr std::uint64_t kEach = 0x0101010101010101;
        bits = (bits | bits << 16) & 0x0000ffff0000ffff;
        bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
        bits = (bits | bits << 4) & (kEach * 0x0f);
        const std::uint64_t letters = (bits + kEach * 6) >> 4 & kEach;
        return bits + kEach * '0' + letters * ('a' - '9' - 1);
    }

  private:
    char text_[64];
    std::uint8_t size_ = 0;
};
static_assert(RequestId::hex_digits(0x89abcdef) == 0x3839616263646566 &&
              RequestId::hex_digits(0x01234567) == 0x3031323334353637);

}  // namespace switchyard::serve
