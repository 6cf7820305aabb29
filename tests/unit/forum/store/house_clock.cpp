#include "forum/store/house_clock.h"

#include <doctest/doctest.h>

#include "content_fixture.h"
#include "forum/store/sessions.h"

using namespace forum;

namespace {
constexpr Instant kToday = 1'700'000'000'000;
const HouseClock::Steady kStart;
}  // namespace

TEST_CASE("housekeeping follows the clock where it is right, and what the database knows where it is ahead") {
    HouseClock clock;
    CHECK_FALSE(clock.time(kToday, kStart));
    clock.known(kToday, kStart);
    CHECK(clock.time(kToday + kMinute, kStart + std::chrono::minutes(1)) == kToday + kMinute);
    CHECK(clock.time(kToday + 31 * kDay, kStart + std::chrono::minutes(1)) == kToday + kHour + kMinute);
    CHECK(clock.time(kToday + 2 * kDay, kStart + std::chrono::hours(48)) == kToday + 2 * kDay);
    CHECK(clock.time(kToday - 5 * kDay, kStart) == kToday - 5 * kDay);
}

TEST_CASE("a few logins and posts of a clock that is ahead do not make it the time of the database") {
    Content content;
    CHECK_FALSE(newest_activity(content.connection));
    for (int i = 0; i < 30; ++i) open_session(content.connection, content.alice.row, kToday + i, kToday + kDay);
    CHECK(newest_activity(content.connection) == kToday + 9);
    for (int i = 0; i < 20; ++i) {
        open_session(content.connection, content.bob.row, kToday + 31 * kDay, kToday + 60 * kDay);
    }
    CHECK(newest_activity(content.connection).value() < kToday + kMinute);
    content.post("t", "b", kToday + kHour);
    CHECK(newest_activity(content.connection) == kToday + kHour);
}
