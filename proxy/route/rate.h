// A rate of requests as the table of buckets reads it. Pure. Units: nanoseconds.
#pragma once

#include <cstdint>

namespace switchyard::route {

struct Rate {
    std::int64_t interval_ns = 0;   // one token comes every so often; 0: off
    std::int64_t tolerance_ns = 0;  // how far ahead of it a client may be: burst - 1 tokens
    // `burst` 0: as many as `requests`.
    static Rate of(std::uint32_t requests, std::int64_t per_ms, std::uint32_t burst);
};

}  // namespace switchyard::route
