#include "proxy/serve/clock.h"

#include <cstdio>
#include <ctime>

namespace switchyard::serve {

void Clock::refresh_clock() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    now_us = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    now_ms = now_us / 1000;
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == wall_seconds) return;
    wall_seconds = now.tv_sec;
    timespec fine{};
    ::clock_gettime(CLOCK_REALTIME, &fine);
    wall_ahead_us = static_cast<std::int64_t>(fine.tv_sec) * 1'000'000 + fine.tv_nsec / 1000 - now_us;
    tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    // strftime would follow the locale; HTTP dates do not.
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int n = std::snprintf(date_line, sizeof date_line, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
                                kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900,
                                parts.tm_hour, parts.tm_min, parts.tm_sec);
    date_line_size = static_cast<std::size_t>(n);
}

}  // namespace switchyard::serve
