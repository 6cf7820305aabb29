#include "control/analysis/speed_tests.h"

#include <doctest/doctest.h>

#include "control/analysis/analysis.h"

using namespace switchyard::control::analysis;

namespace {

// Half a second at 100 requests a second and 10 %.
Tick speeds(std::uint64_t canary = 5, std::uint64_t baseline = 45) {
    Tick tick;
    tick.seconds = .5;
    tick.latency_counts = true;
    tick.canary.attempts = canary, tick.baseline.attempts = baseline;
    tick.canary.whole.asked = canary, tick.baseline.whole.asked = baseline;
    return tick;
}

template <class Each>
std::string alarm_after(int ticks, Each each) {
    Analysis analysis(Settings{});
    analysis.begin_step(Assignment::per_request, .1);
    for (int i = 0; i < ticks && !analysis.alarm(); ++i) analysis.add(each(i));
    return analysis.alarm() ? analysis.alarm()->test : "";
}

}  // namespace

TEST_CASE("one request in a hundred that stalls is in the tail, whatever the p99 tolerates") {
    const auto stalls = [](int i) {
        Tick tick = speeds(50, 450);
        if (i % 2 == 0) {
            tick.canary.tail = 1;  // 1 %, beside one in a thousand
            tick.canary.slow = {25, 5, 1};
        }
        tick.baseline.slow = {225, 45, 5};
        if (i % 3 == 0) tick.baseline.tail = 1;
        return tick;
    };
    CHECK(alarm_after(200, stalls).starts_with("latency_tail"));
    const auto alike = [&](int i) {
        Tick tick = stalls(i);
        tick.canary.tail = i % 20 == 0;  // one in a thousand, too
        return tick;
    };
    CHECK(alarm_after(200, alike).empty());
}

TEST_CASE("late bodies behind fast heads are slow answers") {
    const auto late = [](int) {
        Tick tick = speeds();
        tick.canary.slow = {2, 0, 0}, tick.baseline.slow = {22, 4, 0};
        tick.canary.whole.slow = {5, 5, 5}, tick.baseline.whole.slow = {22, 4, 0};
        return tick;
    };
    CHECK(alarm_after(100, late).starts_with("duration_"));
}

TEST_CASE("a release of which nothing ends is slow all the same") {
    const auto hangs = [](int i) {
        Tick tick = speeds(0);
        tick.canary.early = 5;
        tick.canary.slow = {5, 5, 5};
        if (i > 2) tick.canary.tail = 5;
        tick.baseline.slow = {22, 4, 0};
        return tick;
    };
    CHECK(alarm_after(60, hangs).starts_with("latency_"));
}

TEST_CASE("what was told before it ended counts once") {
    Tick told = speeds(0, 0);
    told.canary.early = 1, told.canary.slow = {1, 1, 0};
    Tick ended = speeds(1, 9);
    ended.canary.early = -1, ended.canary.slow = {0, 0, 1};  // p99 was passed after it was told
    told += ended;
    const Tick seen = seen_by(Speed::head, false, told);
    CHECK(seen.canary.attempts == 1);
    CHECK(seen.canary.slow == SlowCounts{1, 1, 1});
    CHECK(told.canary.attempts == 1);
}

TEST_CASE("in a sticky split the first late body of each bucket counts") {
    Settings settings;
    settings.sticky = true;
    Analysis analysis(settings);
    analysis.begin_step(Assignment::sticky, .1);
    for (int i = 0; i < 200 && !analysis.alarm(); ++i) {
        Tick tick = speeds();
        tick.canary.whole.slow = {5, 5, 5}, tick.baseline.whole.slow = {22, 4, 0};
        tick.canary_first.whole.paced = 5, tick.baseline_first.whole.paced = 45;
        tick.canary_first.whole.paced_slow = {5, 5, 5}, tick.baseline_first.whole.paced_slow = {22, 4, 0};
        for (std::size_t level = 0; level < kLevels; ++level) {
            tick.canary_first.whole.slow[level].add(0, tick.canary.whole.slow[level]);
            tick.baseline_first.whole.slow[level].add(0, tick.baseline.whole.slow[level]);
        }
        analysis.add(tick);
    }
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test.starts_with("duration_"));
}

TEST_CASE("bodies that are late only when nobody is beside them are found by the quantiles of before") {
    Analysis analysis(Settings{});
    analysis.begin_step(Assignment::per_request, 1);
    int halves = 0;
    for (; halves < 120 && !analysis.alarm(); ++halves) {
        Tick tick = speeds(50, 0);
        tick.canary.slow = {25, 5, 0};
        tick.canary.whole.slow = {50, 50, 0};
        tick.canary.whole.twice_p90 = 30;
        analysis.add(tick);
    }
    REQUIRE(analysis.alarm());
    CHECK(analysis.alarm()->test == "duration_alone");
    CHECK(halves <= 4);
}
