// Points in time as the API writes them: "2026-11-20T12:00:00.123456Z".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace switchyard::control {

using WallTime = std::chrono::system_clock::time_point;

std::string timestamp(WallTime at);
// For file names: 20261120T120000Z.
std::string compact_timestamp(WallTime at);
std::int64_t unix_ms(WallTime at);
WallTime from_unix_ms(std::int64_t ms);

}  // namespace switchyard::control
