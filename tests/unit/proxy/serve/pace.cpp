#include "proxy/serve/pace.h"

#include <doctest/doctest.h>

using switchyard::serve::Pace;
using switchyard::serve::RateFloor;

TEST_CASE("a client's pace: waited for, judged when its time fills a window, and not by what is not its own") {
    constexpr std::int64_t kWindow = RateFloor::kWindowMs;
    Pace pace;
    pace.begin(100);
    std::int64_t now = 1'000'000;

    // Not its turn: the exchange's own limit, and nothing is measured.
    CHECK(pace.wait(false, 60'000, now) == 60'000);
    CHECK_FALSE(pace.wakes());
    now += 59'000;
    CHECK_FALSE(pace.due(now));

    // Its turn: the window ends the sleep, where nothing ends it before.
    CHECK(pace.wait(true, 1'000, now) == 1'000);
    CHECK_FALSE(pace.wakes());
    now += 1'000;
    CHECK_FALSE(pace.due(now));
    CHECK(pace.wait(true, 60'000, now) == kWindow - 1'000);
    CHECK(pace.wakes());
    now += kWindow - 1'000;
    CHECK(pace.due(now));
    CHECK_FALSE(pace.too_slow(100 * static_cast<std::uint64_t>(kWindow) / 1'000));

    // Without any limit of its own the exchange sleeps for the window.
    CHECK(pace.wait(true, 0, now) == kWindow);
    now += kWindow;
    CHECK(pace.due(now));
    CHECK(pace.too_slow(100 * static_cast<std::uint64_t>(kWindow) / 1'000 + 1));

    pace.stop();
    CHECK_FALSE(pace.wakes());
    CHECK_FALSE(pace.due(now + kWindow));
}
