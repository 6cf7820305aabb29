#include "control/analysis/restarts.h"

#include <doctest/doctest.h>

#include <cmath>

#include "control/analysis/arm_test.h"

using namespace switchyard::control::analysis;

TEST_CASE("the stakes placed over any time never exceed what there is") {
    for (const double horizon : {5.0, 60.0, 630.0, 3600.0}) {
        CAPTURE(horizon);
        Restarts restarts;
        restarts.horizon = horizon;
        RestartClock clock(restarts);
        double placed = clock.at_start();
        for (int tick = 0; tick < 500'000; ++tick) placed += clock.due(0.2);
        CHECK(placed <= 1.0 + 1e-9);
        CHECK(placed + clock.kept() == doctest::Approx(1.0));
        CHECK(placed > 0.9);
    }
}

TEST_CASE("the first horizon's part is spread evenly") {
    Restarts restarts{0.5, 0.25, 5.0, 100.0};
    RestartClock clock(restarts);
    for (int i = 0; i < 20; ++i) CHECK(clock.due(5.0) == doctest::Approx(0.25 / 20));
    CHECK(clock.due(5.0) == doctest::Approx(0.125 / 20));  // the next horizon gets half of what is left
}

TEST_CASE("without restarts the whole stake is placed at the start") {
    RestartClock clock(Restarts::none());
    CHECK(clock.at_start() == 1.0);
    CHECK(clock.due(1e6) == 0.0);
    CHECK(clock.kept() == 0.0);
}

TEST_CASE("a leak after a long clean time shows much sooner with restarts") {
    const auto seconds_to_alarm = [](Restarts restarts) {
        ArmTest test(1.5, kFailureGrid, restarts);
        for (int s = 0; s < 3000; ++s) test.add(1.0, .05, s % 2, 9 + s % 2);  // 1 % in both arms
        int seconds = 0;
        while (test.log_evidence() < std::log(1000.0) && seconds < 10'000) {
            test.add(1.0, .05, seconds % 2 ? 3 : 2, 9 + seconds % 2);  // 5 % in the canary
            ++seconds;
        }
        return seconds;
    };
    const int plain = seconds_to_alarm(Restarts::none());
    const int restarted = seconds_to_alarm(Restarts{});
    CAPTURE(plain);
    CAPTURE(restarted);
    CHECK(restarted < 30);
    CHECK(plain > 5 * restarted);
}
