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
    // Takes a number of exactly so many digits from the front; -1 when there is none.
    const auto number = [&text](std::size_t digits) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
            value = value * 10 + (text[i] - '0');
        }
        text.remove_prefix(digits);
        return value;
    };
    const auto sign = [&text](std::string_view any) {
        if (text.empty() || any.find(text.front()) == std::string_view::npos) return '\0';
        const char found = text.front();
        text.remove_prefix(1);
        return found;
    };
    const int years = number(4);
    if (years < 0 || sign("-") == 0) return std::nullopt;
    const int months = number(2);
    if (months < 0 || sign("-") == 0) return std::nullopt;
    const int day_of_month = number(2);
    if (day_of_month < 0 || sign("Tt") == 0) return std::nullopt;
    const year_month_day date{year(years), month(static_cast<unsigned>(months)),
                              day(static_cast<unsigned>(day_of_month))};
    const int hour = number(2);
    if (!date.ok() || hour < 0 || hour > 23 || sign(":") == 0) return std::nullopt;
    const int minute = number(2);
    if (minute < 0 || minute > 59 || sign(":") == 0) return std::nullopt;
    const int second = number(2);
    if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second
    int fraction = 0;
    if (sign(".") != 0) {
        std::size_t digits = 0;
        for (int digit = number(1); digit >= 0; digit = number(1)) {
            if (++digits <= 3) fraction = fraction * 10 + digit;
        }
        if (digits == 0) return std::nullopt;
        for (; digits < 3; ++digits) fraction *= 10;
    }
    auto time = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
    const char offset = sign("Zz+-");
    if (offset == '+' || offset == '-') {
        const int offset_hours = number(2);
        if (offset_hours < 0 || offset_hours > 23 || sign(":") == 0) return std::nullopt;
        const int offset_minutes = number(2);
        if (offset_minutes < 0 || offset_minutes > 59) return std::nullopt;
        const auto ahead = hours(offset_hours) + minutes(offset_minutes);
        time = offset == '+' ? time - ahead : time + ahead;
    }
    if (offset == 0 || !text.empty()) return std::nullopt;
    return duration_cast<milliseconds>(time.time_since_epoch()).count() + fraction;
}

}  // namespace forum
