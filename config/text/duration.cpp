#include "config/text/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace switchyard::config {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};
// Largest first: duration_text() takes the first that divides, joined durations go down this list.
constexpr std::array<Unit, 5> kUnits{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::string_view kExpected = "expected a duration such as \"500ms\", \"30s\", \"2m\", \"1h\" or \"1m30s\"";

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text, std::string* why) {
    const auto refuse = [&](std::string_view reason) {
        if (why) *why = reason;
        return std::nullopt;
    };
    if (text.empty()) return refuse(kExpected);
    std::int64_t total = 0;
    std::size_t next_unit = 0;
    while (!text.empty()) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc::result_out_of_range) return refuse("the duration is too long");
        if (error != std::errc{} || number < 0) return refuse(kExpected);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const auto letters = text.substr(0, text.find_first_of("0123456789"));
        while (next_unit < kUnits.size() && kUnits[next_unit].name != letters) ++next_unit;
        if (next_unit == kUnits.size()) return refuse(kExpected);
        const std::int64_t unit = kUnits[next_unit++].milliseconds;
        if (number > (std::numeric_limits<std::int64_t>::max() - total) / unit)
            return refuse("the duration is too long");
        total += number * unit;
        text.remove_prefix(letters.size());
    }
    return std::chrono::milliseconds(total);
}

std::string duration_text(std::chrono::milliseconds duration) {
    const std::int64_t count = duration.count();
    if (count == 0) return "0s";
    for (const auto& unit : kUnits)
        if (count % unit.milliseconds == 0) return fmt::format("{}{}", count / unit.milliseconds, unit.name);
    return {};  // not reached: every count is a multiple of one millisecond
}

}  // namespace switchyard::config
