#include "control/analysis/analysis.h"

#include <doctest/doctest.h>

#include "tests/unit/control/analysis/ticks.h"

using namespace switchyard::control::analysis;
using namespace switchyard::control::analysis::test;

TEST_CASE("the parts of the false alarm rate add up to the stated rate, whatever is switched off") {
    Settings settings = capped();
    CHECK(Budget::of(settings).total() == doctest::Approx(settings.false_alarm));
    settings.latency_tolerate = {0, 0, 0};
    CHECK(Budget::of(settings).total() == doctest::Approx(settings.false_alarm));
    CHECK(Budget::of(settings).errors > Budget::of(capped()).errors);
    settings.errors_tolerate = 0;
    settings.max_extra_failures = 0;
    CHECK(Budget::of(settings).total() == doctest::Approx(settings.false_alarm));
}

TEST_CASE("a canary that answers only failures is caught in its first handful") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .05);
    int ticks = 0;
    while (!analysis.alarm() && ticks < 100) {
        analysis.add(tick_of(20, 20, 380, 4, .2));  // 2,000 requests a second
        ++ticks;
    }
    CHECK(ticks == 1);
    CHECK(analysis.alarm()->test == "errors");
    CHECK(analysis.alarm()->canary.failures == 20);
}

TEST_CASE("an alarm stays, with the numbers it was raised on") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .05);
    analysis.add(tick_of(50, 50, 950, 10));
    REQUIRE(analysis.alarm());
    const double ln_e = analysis.alarm()->ln_e;
    for (int i = 0; i < 1000; ++i) analysis.add(tick_of(50, 0, 950, 10));
    CHECK(analysis.alarm()->ln_e == ln_e);
    CHECK(analysis.alarm()->canary.attempts == 50);
    CHECK_FALSE(analysis.promotion().allowed);
}

TEST_CASE("two failures are never enough") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .0001);
    analysis.add(tick_of(1, 1, 9999, 0));
    analysis.add(tick_of(1, 1, 9999, 0));
    CHECK_FALSE(analysis.alarm());
    analysis.add(tick_of(1, 1, 9999, 0));
    CHECK(analysis.alarm());
}

TEST_CASE("against a baseline that never fails, one canary failure in five thousand is let pass") {
    Analysis analysis(Settings{});
    analysis.begin_step(Assignment::per_request, .01);
    for (int i = 0; i < 20; ++i) analysis.add(tick_of(5000, 1, 495'000, 0));
    CHECK(row(analysis, "errors").ln_e > row(analysis, "errors").threshold);
    CHECK_FALSE(analysis.alarm());
    for (int i = 0; i < 20; ++i) analysis.add(tick_of(5000, 25, 495'000, 0));  // five in a thousand is another matter
    CHECK(analysis.alarm());
}

TEST_CASE("a shared incident rolls nothing back") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .05);
    for (int i = 0; i < 600; ++i) {
        Tick tick = tick_of(50, 30, 950, 570);
        tick.latency_counts = true;
        tick.canary.slow = {50, 48, 45};
        tick.baseline.slow = {950, 912, 855};
        analysis.add(tick);
    }
    CHECK_FALSE(analysis.alarm());
}

TEST_CASE("a regression inside the tolerance still ends when it has cost half the cap") {
    Settings settings = capped();
    Analysis analysis(settings);
    analysis.begin_step(Assignment::per_request, .5);
    int seconds = 0;
    while (!analysis.alarm() && seconds < 5000) {
        analysis.add(tick_of(500, 13, 500, 10));  // 1.3 times the failures; 1.5 are tolerated
        ++seconds;
    }
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test == "extra_failures");
    CHECK(analysis.extra_failures() >= 15);
    settings.max_extra_failures = 0;
    Analysis uncapped(settings);
    uncapped.begin_step(Assignment::per_request, .5);
    for (int i = 0; i < seconds; ++i) uncapped.add(tick_of(500, 13, 500, 10));
    CHECK_FALSE(uncapped.alarm());
}

TEST_CASE("a slower canary is caught, and cold caches are not counted") {
    Analysis analysis(Settings{});
    analysis.begin_step(Assignment::per_request, .05);
    Tick tick = tick_of(50, 0, 950, 0);
    tick.canary.slow = {45, 25, 8};
    tick.baseline.slow = {475, 95, 9};
    for (int i = 0; i < 10; ++i) analysis.add(tick);
    CHECK_FALSE(analysis.alarm());  // not warm yet
    tick.latency_counts = true;
    int seconds = 0;
    while (!analysis.alarm() && seconds < 60) analysis.add(tick), ++seconds;
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test.find("latency_p") == 0);
    CHECK(seconds <= 10);
}

TEST_CASE("a shift that is real but within the tolerance neither rolls back nor holds promotion") {
    Settings settings;
    settings.latency_tolerate = {0, 1.5, 0};
    Analysis analysis(settings);
    analysis.begin_step(Assignment::per_request, .5);
    Tick tick = tick_of(500, 1, 500, 1);
    tick.latency_counts = true;
    tick.canary.slow = {0, 60, 0};  // 1.2 times as many beyond the p90
    tick.baseline.slow = {0, 50, 0};
    for (int i = 0; i < 1000; ++i) analysis.add(tick);
    CHECK(row(analysis, "latency_p90_shift").ln_e > row(analysis, "latency_p90_shift").threshold);
    CHECK_FALSE(analysis.alarm());
    CHECK(analysis.promotion().allowed);
}

TEST_CASE("a split that loses a third of the canary's requests is a mismatch and stops promotion") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .25);
    for (int i = 0; i < 60; ++i) analysis.add(tick_of(167, 0, 750, 0));
    CHECK(analysis.mismatch());
    CHECK_FALSE(analysis.promotion().allowed);
    CHECK_FALSE(analysis.alarm());

    Settings settings;
    settings.check_sample_ratio = false;
    Analysis unchecked(settings);
    unchecked.begin_step(Assignment::per_request, .25);
    for (int i = 0; i < 60; ++i) unchecked.add(tick_of(167, 0, 750, 0));
    CHECK_FALSE(unchecked.mismatch());
}
