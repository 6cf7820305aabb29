// Points in time are milliseconds since 1970 (UTC) everywhere inside the forum, and RFC 3339 text outside.
//
// Pure, but for now(), which reads the wall's clock. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace forum {

using Instant = std::int64_t;

inline constexpr Instant kSecond = 1'000;
inline constexpr Instant kMinute = 60 * kSecond;
inline constexpr Instant kHour = 60 * kMinute;
inline constexpr Instant kDay = 24 * kHour;

Instant now();

// "2026-11-20T12:00:00.123Z"
std::string text_of(Instant instant);

// Any time of RFC 3339: with an offset or Z, a fraction of any length (what is below a millisecond is left out), a
// leap second (the second after it). Nothing else.
std::optional<Instant> instant_from(std::string_view text);

}  // namespace forum
