// Durations as operators write them: "500ms", "30s", "2m", "1h", "7d", or joined, largest first: "1m30s".
//
// Invariants: parse_duration(duration_text(d)) == d for every d >= 0; a number always carries its unit.
// Threads: pure functions. Units: milliseconds. Errors: parse says in words what was expected.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

using Duration = std::chrono::milliseconds;
using namespace std::chrono_literals;

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text, std::string* why = nullptr);
// One number in the largest unit that is exact: 90000 ms is "90s", 0 is "0s".
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace switchyard::config
