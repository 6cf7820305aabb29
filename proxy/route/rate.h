// A rate of requests as the table of buckets reads it. Pure. Units: nanoseconds.
#pragma once

#include <cstdint>

namespace switchyard::route {

struct Rate {
    std::int64_t interval_ns = 0;   // one token comes every so often; 0: off
    std::int64_t tolerance_ns = 0;  // how far ahead of it a client may be: burst - 1 tokens
    std::int64_t at_once_ns = -1;   // how far without waiting: delay_after - 1 tokens; -1: as far as it may be
    // `burst` 0: as many as `requests`. `delay_after` 0: none waits.
    static Rate of(std::uint32_t requests, std::int64_t per_ms, std::uint32_t burst, std::uint32_t delay_after = 0);
};

}  // namespace switchyard::route
