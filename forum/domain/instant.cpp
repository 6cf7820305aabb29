#include "forum/domain/instant.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace forum {

Instant now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string text_of(Instant instant) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(instant)};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    std::array<char, 40> out{};
    const int length =
        std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return {out.data(), static_cast<std::size_t>(length)};
}

std::optional<Instant> instant_from(std::string_view text) {
    using namespace std::chrono;
    if (text.size() != 20 && text.size() != 24) return std::nullopt;
    static constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.dddZ";
    const auto shape_at = [&](std::size_t i) { return text.size() == 20 && i == 19 ? 'Z' : kShape[i]; };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape_at(i) == 'd' ? !digit : text[i] != shape_at(i)) return std::nullopt;
    }
    const auto number = [&](std::size_t at, std::size_t length) {
        int value = 0;
        for (std::size_t i = at; i < at + length; ++i) value = value * 10 + (text[i] - '0');
        return value;
    };
    const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                              day(static_cast<unsigned>(number(8, 2)))};
    if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) return std::nullopt;
    const auto time = sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
    const Instant whole = duration_cast<milliseconds>(time.time_since_epoch()).count();
    return whole + (text.size() == 24 ? number(20, 3) : 0);
}

}  // namespace forum
