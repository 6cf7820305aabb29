// The analysis where little is asked: users that stick to their release, requests that only a rule sends, single ones.
#include <doctest/doctest.h>

#include "control/analysis/analysis.h"
#include "tests/unit/control/analysis/ticks.h"

using namespace switchyard::control::analysis;
using namespace switchyard::control::analysis::test;

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
