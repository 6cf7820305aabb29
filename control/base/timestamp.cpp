#include "control/base/timestamp.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace switchyard::control {

std::string timestamp(WallTime at) {
    using namespace std::chrono;
    const auto seconds = floor<std::chrono::seconds>(at);
    const auto micros = duration_cast<microseconds>(at - seconds).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(system_clock::to_time_t(seconds)), micros);
}

std::string compact_timestamp(WallTime at) {
    return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

std::int64_t unix_ms(WallTime at) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

WallTime from_unix_ms(std::int64_t ms) {
    return WallTime(std::chrono::milliseconds(ms));
}

}  // namespace switchyard::control
