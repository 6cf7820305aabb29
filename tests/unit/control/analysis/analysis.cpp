#include "control/analysis/analysis.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace switchyard::control::analysis;

namespace {

Tick tick_of(std::uint64_t canary, std::uint64_t canary_failures, std::uint64_t baseline,
             std::uint64_t baseline_failures, double seconds = 1.0) {
    Tick tick;
    tick.seconds = seconds;
    tick.canary.attempts = canary;
    tick.canary.failures = canary_failures;
    tick.baseline.attempts = baseline;
    tick.baseline.failures = baseline_failures;
    return tick;
}

Settings capped() {
    Settings settings;
    settings.max_extra_failures = 30;
    return settings;
}

Settings sticky(Settings settings) {
    settings.sticky = true;
    return settings;
}

Row row(const Analysis& analysis, const std::string& test) {
    for (const Row& r : analysis.rows())
        if (r.test == test) return r;
    FAIL("no such test: " << test);
    return {};
}

}  // namespace

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

TEST_CASE("requests that come one by one are compared all the same, a shared failure at a time among them") {
    constexpr int kHours = 30;  // of a tick a second: enough for a wrong test to have made its way
    const auto ten_an_hour = [](std::uint64_t canary_failures, std::uint64_t baseline_failures, Assignment assignment) {
        Settings settings;
        settings.sticky = assignment == Assignment::sticky;
        Analysis analysis(settings);
        analysis.begin_step(assignment, .1);
        int hours = 0;
        for (; hours < kHours && !analysis.alarm(); ++hours)
            for (int request = 0; request < 10; ++request) {
                Tick tick = request == 7 ? tick_of(1, canary_failures, 0, 0) : tick_of(0, 0, 1, baseline_failures);
                tick.canary_first.failed.add(0, tick.canary.failures);
                tick.baseline_first.failed.add(0, tick.baseline.failures);
                analysis.add(tick);
                for (int second = 0; second < 359; ++second) analysis.add(tick_of(0, 0, 0, 0));
            }
        return hours;
    };
    for (const auto assignment : {Assignment::per_request, Assignment::sticky}) {
        CHECK(ten_an_hour(1, 0, assignment) <= 10);
        CHECK(ten_an_hour(1, 1, assignment) == kHours);
        CHECK(ten_an_hour(0, 0, assignment) == kHours);
    }
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

TEST_CASE("sticky: one user who always fails in the canary rolls nothing back, but nobody promotes either") {
    Analysis analysis(sticky(capped()));
    analysis.begin_step(Assignment::sticky, .05);
    for (int i = 0; i < 600; ++i) {
        Tick tick = tick_of(50, 20, 950, 10);  // of this user: 20 a second, each a failure
        tick.canary_first.failed.add(0, i == 0 ? 1 : 0);
        tick.baseline_first.failed.add(0, i % 10 == 0 ? 1 : 0);
        analysis.add(tick);
    }
    CHECK_FALSE(analysis.alarm());
    CHECK(row(analysis, "raw").ln_e > row(analysis, "raw").threshold);
    CHECK_FALSE(analysis.promotion().allowed);
    CHECK(analysis.promotion().why.find("raw") == 0);
}

TEST_CASE("sticky: many users who fail for the first time in the canary do roll back") {
    Analysis analysis(sticky(capped()));
    analysis.begin_step(Assignment::sticky, .05);
    Tick tick = tick_of(50, 50, 950, 10);
    tick.canary_first.failed.add(0, 12);
    tick.baseline_first.failed.add(0, 8);
    analysis.add(tick);
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->canary_marks == 12);
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

TEST_CASE("requests that only a rule sends are enough for a header step, when none fails") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::by_rule, 0.0);
    analysis.add(tick_of(4, 0, 1000, 10));
    CHECK_FALSE(analysis.promotion().allowed);
    analysis.add(tick_of(1, 0, 1000, 10));
    CHECK(analysis.promotion().allowed);
    analysis.add(tick_of(1, 1, 1000, 10));
    CHECK_FALSE(analysis.promotion().allowed);
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

TEST_CASE("no traffic is no evidence, for neither side") {
    Analysis analysis(capped());
    analysis.begin_step(Assignment::per_request, .05);
    for (int i = 0; i < 10'000; ++i) analysis.add(tick_of(0, 0, 0, 0, .2));
    CHECK_FALSE(analysis.alarm());
    CHECK_FALSE(analysis.promotion().allowed);
    CHECK_FALSE(analysis.any_evidence());
}

TEST_CASE("sticky, a few requests a second: what counts every failure sees them as well") {
    Settings settings = capped();
    settings.errors_tolerate = 0;
    Analysis analysis(sticky(settings));
    analysis.begin_step(Assignment::sticky, .2);
    const auto one = [&](bool canary, bool fails) {
        Tick tick = tick_of(canary, canary && fails, !canary, !canary && fails, .5);
        auto& marks = canary ? tick.canary_first : tick.baseline_first;
        marks.steady_attempts = 1, marks.steady_failures = fails;
        analysis.add(tick);
    };
    for (int i = 0; i < 400 && !analysis.alarm(); ++i) {
        for (int k = 0; k < 4; ++k) one(false, false);
        one(true, true);
    }
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test == "extra_failures");
    CHECK(analysis.canary().failures <= 30);
    CHECK(row(analysis, "raw").ln_e > 1.0);
}

TEST_CASE("sticky, a few requests a second: first failures are judged as they come, not when there is a pair") {
    Analysis analysis(sticky(capped()));
    analysis.begin_step(Assignment::sticky, .05);
    for (int i = 0; i < 5; ++i) {
        Tick tick = tick_of(1, 1, 0, 0, .2);
        tick.canary_first.failed.add(0);
        analysis.add(tick);
    }
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test == "errors");
}

TEST_CASE("by rule, a canary that fails whatever it is asked is taken back by its last twenty requests") {
    Analysis analysis(Settings{});
    analysis.begin_step(Assignment::by_rule, 0);
    for (int i = 0; i < 19; ++i) {
        analysis.add(tick_of(1, 1, 0, 0, .5));
        CHECK_FALSE(analysis.alarm());
    }
    analysis.add(tick_of(1, 0, 0, 0, .5));  // one good answer ends the row
    for (int i = 0; i < 19; ++i) analysis.add(tick_of(1, 1, 0, 0, .5));
    CHECK_FALSE(analysis.alarm());
    analysis.add(tick_of(1, 1, 0, 0, .5));
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test == "last_twenty");
}

TEST_CASE("nothing is taken back for twenty failures while the old release fails as much, or one user makes them all") {
    Analysis both(Settings{});
    both.begin_step(Assignment::by_rule, 0);
    for (int i = 0; i < 40; ++i) both.add(tick_of(1, 1, i % 4 == 0 ? 1 : 0, i % 4 == 0 ? 1 : 0, .5));
    CHECK_FALSE(both.alarm());
    Analysis broken_user(sticky(Settings{}));
    broken_user.begin_step(Assignment::sticky, .5);
    for (int i = 0; i < 60; ++i) {
        Tick tick = tick_of(1, 1, 0, 0, .05);
        if (i == 0) tick.canary_first.failed.add(0);
        broken_user.add(tick);
    }
    CHECK_FALSE(broken_user.alarm());
}

TEST_CASE("by rule, requests that come one by one are compared all the same") {
    Analysis analysis(Settings{});
    analysis.begin_step(Assignment::by_rule, 0);
    int canary = 0;
    for (int i = 0; i < 400 && !analysis.alarm(); ++i) {
        const bool rule = i % 3 == 0;
        canary += rule;
        analysis.add(rule ? tick_of(1, canary % 10 != 0, 0, 0, .2) : tick_of(0, 0, 1, 0, .2));
    }
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test == "errors");
}

TEST_CASE("quiet time of the baseline passes also in ticks in which the canary is not asked") {
    Settings settings;
    settings.failure_limit = .01;
    Analysis analysis(settings);
    analysis.begin_step(Assignment::per_request, .5);
    for (int i = 0; i < 100 && !analysis.alarm(); ++i) {
        analysis.add(tick_of(1, i % 2, 0, 0, .05));
        for (int k = 0; k < 19; ++k) analysis.add(tick_of(0, 0, 0, 0, .05));
    }
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test == "slo_errors");
    CHECK(analysis.canary().attempts < 60);  // thirty seconds of silence, and a few more
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
