#include "proxy/http/http_date.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace switchyard::http {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view kForm = "Mon, 30 Nov 2026 08:00:00 GMT";

std::optional<int> number(std::string_view digits) {
    int out = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size() || digits.front() == '-') return {};
    return out;
}

}  // namespace

std::string http_date(std::int64_t unix_seconds) {
    using namespace std::chrono;
    const sys_seconds at{seconds(unix_seconds)};
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss time{at - day};
    char text[64];
    const int n =
        std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[weekday{day}.c_encoding()].data(),
                      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1].data(),
                      static_cast<int>(date.year()), static_cast<int>(time.hours().count()),
                      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
    return {text, static_cast<std::size_t>(n)};
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    using namespace std::chrono;
    if (text.size() != kForm.size() || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return {};
    if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') return {};
    unsigned month = 0;
    while (month < kMonths.size() && kMonths[month] != text.substr(8, 3)) ++month;
    const auto d = number(text.substr(5, 2)), y = number(text.substr(12, 4)), h = number(text.substr(17, 2)),
               m = number(text.substr(20, 2)), s = number(text.substr(23, 2));
    if (month == kMonths.size() || !d || !y || !h || !m || !s || *h > 23 || *m > 59 || *s > 60) return {};
    const year_month_day date{year(*y), std::chrono::month(month + 1), day(static_cast<unsigned>(*d))};
    if (!date.ok()) return {};
    return duration_cast<seconds>(sys_days(date).time_since_epoch()).count() + *h * 3600 + *m * 60 + *s;
}

}  // namespace switchyard::http
