// When a certificate is asked for again.
#include "control/acme/renewal.h"

#include <doctest/doctest.h>

using namespace switchyard::control::acme;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {
constexpr std::int64_t kDay = 86'400;
}

TEST_CASE("after two thirds of a life, spread over a fifth of what is left; always before its end") {
    const std::int64_t from = 1'000'000, life = 90 * kDay;
    const auto at = [&](double draw) { return renew_at(from, from + life, std::nullopt, draw); };
    CHECK(at(0.5) == from + 60 * kDay);
    CHECK(at(0.0) == from + 57 * kDay);
    CHECK(at(1.0) == from + 63 * kDay);
    // Six days: on the fourth.
    CHECK(renew_at(0, 6 * kDay, std::nullopt, 0.5) == 4 * kDay);
}

TEST_CASE("within the window that the authority suggests, and never after the end") {
    const auto window = read_window(
        R"({"suggestedWindow":{"start":"2026-11-30T00:00:00Z","end":"2026-12-01T00:00:00.5Z"},"explanationURL":"x"})");
    REQUIRE(window);
    CHECK(window->end - window->start == kDay);
    CHECK(renew_at(0, window->end + kDay, window, 0.25) == window->start + kDay / 4);
    CHECK(renew_at(0, window->start + 5, window, 0.25) == window->start + 5);
    for (const auto* bad : {"", "[]", "{}", R"({"suggestedWindow":7})", R"({"suggestedWindow":{"start":1,"end":2}})",
                            R"({"suggestedWindow":{"start":"2026-12-01T00:00:00Z","end":"2026-11-30T00:00:00Z"}})",
                            R"({"suggestedWindow":{"start":"2026-11-30T00:00:00+01:00","end":"2026-12-01T00:00:00Z"}})",
                            R"({"suggestedWindow":{"start":"soon","end":"2026-12-01T00:00:00Z"}})"})
        CHECK_FALSE(read_window(bad));
}

TEST_CASE(
    "an authority that is away is asked again soon, one that says no less and less, one that has had enough when it "
    "says") {
    using Kind = Refusal::Kind;
    const Refusal away{Kind::unreachable, "", {}}, no{Kind::refused, "", {}}, limited{Kind::rate_limited, "", {}};
    CHECK(pause_after(1, away) == seconds{5});
    CHECK(pause_after(2, away) == seconds{10});
    CHECK(pause_after(1'000'000, away) == hours{1});
    CHECK(pause_after(1, no) == minutes{1});
    CHECK(pause_after(1'000'000, no) == hours{24});
    CHECK(pause_after(1, limited) == hours{1});
    CHECK(pause_after(1, {Kind::rate_limited, "", hours{30}}) == hours{30});
    CHECK(pause_after(1, {Kind::unreachable, "", seconds{120}}) == seconds{120});
    CHECK(pause_after(1, {Kind::refused, "", hours{24 * 365}}) == hours{24 * 7});
    // Never more than five of a name in an hour.
    seconds first_hour{0};
    unsigned failures = 0;
    for (; first_hour <= hours{1}; ++failures) first_hour += pause_after(failures + 1, no);
    CHECK(failures <= 5);
    for (unsigned i = 1; i < 40; ++i) {
        CHECK(pause_after(i + 1, no) >= pause_after(i, no));
        CHECK(pause_after(i + 1, away) >= pause_after(i, away));
    }
}

TEST_CASE("Retry-After in seconds and as a date") {
    CHECK(read_retry_after("120", 0) == seconds{120});
    CHECK(read_retry_after("-5", 0) == seconds{0});
    CHECK(read_retry_after("", 0) == seconds{0});
    CHECK(read_retry_after("soon", 0) == seconds{0});
    CHECK(read_retry_after("Thu, 01 Jan 1970 00:02:00 GMT", 60) == seconds{60});
    CHECK(read_retry_after("Thu, 01 Jan 1970 00:02:00 GMT", 600) == seconds{0});
    CHECK(next_look_at_window(seconds{0}) == hours{6});
    CHECK(next_look_at_window(seconds{1}) == minutes{1});
    CHECK(next_look_at_window(hours{100}) == hours{24});
}

TEST_CASE("two orders that went well are an hour apart; a clock that was wrong keeps nobody waiting") {
    constexpr std::int64_t kNow = 1'700'000'000;
    CHECK(not_before(kNow + 3600, 0, kNow) == kNow + 3600);
    CHECK(not_before(kNow + 3601, 0, kNow) == 0);
    CHECK(not_before(0, 0, kNow) == 0);
    CHECK(not_before(kNow + 86'400, 9, kNow) == kNow + 86'400);
    CHECK(not_before(kNow + 365 * 86'400, 9, kNow) == 0);
}
