// The one clock of the harness: CLOCK_MONOTONIC in nanoseconds, for sends, answers and admin calls alike, so that
// "sent after the switch was answered" is a comparison of two numbers from the same source, on any processor.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace yardbench {

using Nanos = std::int64_t;

inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

inline Nanos now() {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * kSecond + t.tv_nsec;
}

// libstdc++'s steady_clock is CLOCK_MONOTONIC, so a timer can be set to a Nanos without a conversion error.
inline std::chrono::steady_clock::time_point as_time_point(Nanos t) {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(t));
}

}  // namespace yardbench
