// The analysis from step to step: what promotion needs, and steps in which the canary is alone.
#include <doctest/doctest.h>

#include "control/analysis/analysis.h"
#include "tests/unit/control/analysis/ticks.h"

using namespace switchyard::control::analysis;
using namespace switchyard::control::analysis::test;

TEST_CASE("promotion needs requests, and then either a small failure rate or a small ratio") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .05);
    CHECK_FALSE(analysis.promotion().allowed);
    CHECK_FALSE(analysis.any_evidence());
    analysis.add(tick_of(299, 0, 5700, 0));
    CHECK_FALSE(analysis.promotion().allowed);
    for (int i = 0; i < 5; ++i) analysis.add(tick_of(100, 0, 1900, 2));
    CHECK(analysis.promotion().allowed);

    Analysis failing(capped());  // 10 % failures in both arms: the ratio certifies what the rate cannot
    failing.begin_step(Assignment::per_request, .5);
    for (int i = 0; i < 20; ++i) failing.add(tick_of(50, 5, 50, 5));
    CHECK(failing.promotion().allowed);
    CHECK(failing.promotion().why.find("times the baseline") != std::string::npos);
}

TEST_CASE("each step has to show its own evidence") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .05);
    for (int i = 0; i < 20; ++i) analysis.add(tick_of(100, 0, 1900, 2));
    CHECK(analysis.promotion().allowed);
    analysis.begin_step(Assignment::per_request, .25);
    CHECK_FALSE(analysis.promotion().allowed);
}

TEST_CASE("alone, the canary is held to the absolute limit") {
    Settings settings;
    settings.failure_limit = .01;
    settings.p99_limit = 500'000;
    Analysis bad(settings);
    bad.begin_step(Assignment::per_request, 1.0);
    for (int i = 0; i < 60 && !bad.alarm(); ++i) bad.add(tick_of(100, 5, 0, 0));
    REQUIRE(bad.alarm());
    CHECK(bad.alarm()->test == "slo_errors");

    Analysis slow(settings);
    slow.begin_step(Assignment::per_request, 1.0);
    for (int i = 0; i < 60 && !slow.alarm(); ++i) {
        Tick tick = tick_of(100, 0, 0, 0);
        tick.canary.over_limit = 6;
        slow.add(tick);
    }
    REQUIRE(slow.alarm());
    CHECK(slow.alarm()->test == "slo_p99");

    Analysis good(settings);
    good.begin_step(Assignment::per_request, 1.0);
    for (int i = 0; i < 60; ++i) good.add(tick_of(100, i % 5 == 0 ? 1 : 0, 0, 0));
    CHECK_FALSE(good.alarm());
    CHECK(good.promotion().allowed);
}

TEST_CASE("beside a baseline the absolute limit rolls nothing back: what both share is no reason") {
    Settings settings;
    settings.failure_limit = .01;
    Analysis analysis(settings);
    analysis.begin_step(Assignment::per_request, .25);
    for (int i = 0; i < 600; ++i) analysis.add(tick_of(25, 2, 75, 6));
    CHECK_FALSE(analysis.alarm());
}

TEST_CASE("without a stated limit, alone means: not beyond what the baseline's own rate tolerates") {
    const auto alarmed = [](std::uint64_t canary_failures) {
        Settings settings;
        Analysis analysis(settings);
        analysis.begin_step(Assignment::per_request, .5);
        for (int i = 0; i < 100; ++i) analysis.add(tick_of(100, 4, 100, 4));
        analysis.begin_step(Assignment::per_request, 1.0);
        for (int i = 0; i < 200 && !analysis.alarm(); ++i) analysis.add(tick_of(200, canary_failures, 0, 0));
        return analysis.alarm().has_value();
    };
    CHECK_FALSE(alarmed(8));  // 4 % before, 4 % now
    CHECK(alarmed(30));       // 15 %
}

TEST_CASE("a baseline that falls silent leaves the canary alone after half a minute") {
    Settings settings;
    settings.failure_limit = .01;
    Analysis analysis(settings);
    analysis.begin_step(Assignment::per_request, .05);
    int seconds = 0;
    while (!analysis.alarm() && seconds < 200) analysis.add(tick_of(20, 4, 0, 0)), ++seconds;
    CHECK(seconds > 30);
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test == "slo_errors");
}

TEST_CASE("no traffic is no evidence, for neither side") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .05);
    for (int i = 0; i < 10'000; ++i) analysis.add(tick_of(0, 0, 0, 0, .2));
    CHECK_FALSE(analysis.alarm());
    CHECK_FALSE(analysis.promotion().allowed);
    CHECK_FALSE(analysis.any_evidence());
}

TEST_CASE("a step in which the canary is alone is not entered while the old release fails more than will hold there") {
    Analysis analysis(Settings{});
    analysis.begin_step(Assignment::per_request, .5);
    for (int i = 0; i < 120; ++i) analysis.add(tick_of(50, 0, 50, i % 2));
    CHECK(analysis.alone_refused().empty());
    for (int i = 0; i < 10; ++i) analysis.add(tick_of(50, 5, 50, 6));
    CHECK(analysis.alone_refused().find("the old release fails") == 0);
    for (int i = 0; i < 60; ++i) analysis.add(tick_of(50, 0, 50, 0));
    CHECK(analysis.alone_refused().empty());
}

TEST_CASE("an incident that has just begun in the old release is seen before a step in which the canary is alone") {
    // 75 requests a second to each; four in a hundred fail, and for the last 0.6 seconds one in three.
    const auto refused = [](int ticks, std::uint64_t failures) {
        Analysis analysis(Settings{});
        analysis.begin_step(Assignment::per_request, .5);
        for (int i = 0; i < 800; ++i) analysis.add(tick_of(15, i % 5 < 3, 15, i % 5 < 3, .2));
        REQUIRE(analysis.alone_refused().empty());
        for (int i = 0; i < ticks; ++i) analysis.add(tick_of(15, failures, 15, failures, .2));
        return !analysis.alone_refused().empty();
    };
    CHECK(refused(3, 5));
    CHECK_FALSE(refused(3, 0));
    CHECK_FALSE(refused(1, 1));  // that is luck
}

TEST_CASE("alone, a canary is held against the quantiles that were frozen while it was not") {
    const auto slow_of = [](std::uint64_t beyond_p99, std::uint64_t twice_p90) {
        Tick tick = tick_of(50, 0, 0, 0, .5);
        tick.latency_counts = true;
        tick.canary.slow = {50, 50, beyond_p99};
        tick.canary.twice_p90 = twice_p90;
        return tick;
    };
    const auto seconds_until = [&](const Tick& tick, double share, const Settings& settings) {
        Analysis analysis(settings);
        analysis.begin_step(Assignment::per_request, share);
        int halves = 0;
        while (!analysis.alarm() && halves < 120) analysis.add(tick), ++halves;
        return analysis.alarm() && analysis.alarm()->test == "latency_alone" ? halves / 2.0 : 60.0;
    };
    CHECK(seconds_until(slow_of(30, 0), 1, {}) <= 2);
    CHECK(seconds_until(slow_of(0, 30), 1, {}) <= 2);
    CHECK(seconds_until(slow_of(20, 20), 1, {}) == 60);
    Settings untested;
    untested.latency_tolerate = {0, 0, 0};
    CHECK(seconds_until(slow_of(50, 50), 1, untested) == 60);
    Settings generous;  // all may be beyond the p50, seven in ten beyond the p90 and the p99
    generous.latency_tolerate = {2, 7, 70};
    CHECK(seconds_until(slow_of(34, 34), 1, generous) == 60);
    CHECK(seconds_until(slow_of(36, 0), 1, generous) <= 2);
    CHECK(seconds_until(slow_of(0, 36), 1, generous) <= 2);
    Settings only_p50;
    only_p50.latency_tolerate = {1.6, 0, 0};
    CHECK(seconds_until(slow_of(39, 39), 1, only_p50) == 60);
    CHECK(seconds_until(slow_of(41, 0), 1, only_p50) <= 2);
    Tick both = slow_of(50, 50);
    both.baseline.attempts = 50;
    CHECK(seconds_until(both, .5, {}) == 60);  // the other tests compare there
}

TEST_CASE("a release whose requests hang is not given more before their time limit ends") {
    const auto why_after = [](double hang_a_second, std::uint64_t baseline_hangs, double p99) {
        Settings settings;
        settings.failure_limit = .01;
        Analysis analysis(settings);
        analysis.begin_step(Assignment::per_request, .1);
        for (int i = 1; i <= 40; ++i) {
            Tick tick = tick_of(20, 0, 180, 0);
            tick.old_p99 = p99;
            tick.canary_in_flight = 1 + static_cast<std::uint64_t>(hang_a_second * i);
            tick.baseline_in_flight = 5 + baseline_hangs * static_cast<std::uint64_t>(i);
            analysis.add(tick);
        }
        const auto promotion = analysis.promotion();
        return promotion.allowed ? std::string("allowed") : promotion.why;
    };
    CHECK(why_after(1, 0, .025).find("requests to the canary wait for longer than the old p99") != std::string::npos);
    CHECK(why_after(0, 0, .025) == why_after(0, 0, 0));  // nothing hangs
    CHECK(why_after(0, 0, .025).find("wait for longer") == std::string::npos);
    CHECK(why_after(1, 9, .025).find("wait for longer") == std::string::npos);  // event streams, in both
    CHECK(why_after(1, 0, 0).find("wait for longer") == std::string::npos);     // nothing to hold it against
}
