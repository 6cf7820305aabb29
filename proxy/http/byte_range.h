// The part of something that a request asks for (RFC 9110 §14.2): one range of bytes. Several of them are answered with
// the whole, which every client has to take. Pure. Units: bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard::http {

struct ByteRange {
    enum class Kind : std::uint8_t { whole, part, unsatisfiable };
    Kind kind = Kind::whole;
    std::uint64_t first = 0, size = 0;  // of a part, which lies inside
};

// `value` of Range; `total` is how much there is. What is malformed, or in other units, asks for the whole.
ByteRange byte_range(std::string_view value, std::uint64_t total);

}  // namespace switchyard::http
