// Points in time as documents write them: "2026-11-20T12:00:00Z", in UTC, to the second.
//
// Invariants: parse_moment(moment_text(s)) == s. Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

// Seconds since 1970; a part of a second is left out. Nothing: it is no such text.
std::optional<std::int64_t> parse_moment(std::string_view text);
std::string moment_text(std::int64_t unix_seconds);

}  // namespace switchyard::config
