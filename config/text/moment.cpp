#include "config/text/moment.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

namespace switchyard::config {

using namespace std::chrono;

std::optional<std::int64_t> parse_moment(std::string_view text) {
    constexpr std::string_view kForm = "0000-00-00T00:00:00";
    if (text.size() <= kForm.size() || !text.ends_with('Z')) return std::nullopt;
    std::array<int, 6> parts{};
    std::size_t part = 0;
    for (std::size_t at = 0; at < kForm.size(); ++part) {
        const std::size_t width = part == 0 ? 4 : 2;
        const char* const begin = text.data() + at;
        const auto read = std::from_chars(begin, begin + width, parts[part]);
        if (read.ec != std::errc{} || read.ptr != begin + width || *begin == '-') return std::nullopt;
        at += width;
        if (at < kForm.size() && text[at] != kForm[at]) return std::nullopt;
        ++at;
    }
    for (const char c : text.substr(kForm.size(), text.size() - kForm.size() - 1))
        if (c != '.' && (c < '0' || c > '9')) return std::nullopt;
    const year_month_day day{year(parts[0]), month(static_cast<unsigned>(parts[1])),
                             std::chrono::day(static_cast<unsigned>(parts[2]))};
    if (!day.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
    const auto at = sys_days(day) + hours(parts[3]) + minutes(parts[4]) + seconds(parts[5]);
    return at.time_since_epoch().count();
}

std::string moment_text(std::int64_t unix_seconds) {
    const sys_seconds at{seconds(unix_seconds)};
    const auto midnight = floor<days>(at);
    const year_month_day day(midnight);
    const hh_mm_ss time(at - midnight);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int(day.year()), unsigned(day.month()),
                       unsigned(day.day()), time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace switchyard::config
