#include "control/analysis/risk_gate.h"

#include <doctest/doctest.h>

#include <random>

#include "control/analysis/bucket_counts.h"

using namespace switchyard::control::analysis;

namespace {

// `seconds` of traffic at a share of 10 %, 100 requests a second.
void pass(RiskGate& gate, int seconds, std::uint64_t canary_marks, std::uint64_t baseline_marks, BetNumber placed = 1) {
    for (int i = 0; i < seconds; ++i) gate.add(1, placed, {10, canary_marks}, {90, baseline_marks});
}

// The same by chance: of `rate` times `risk` of the canary's requests.
void draw(RiskGate& gate, int seconds, double rate, double risk, std::mt19937_64& dice) {
    std::binomial_distribution<std::uint64_t> canary(10, rate * risk), baseline(90, rate);
    for (int i = 0; i < seconds; ++i) gate.add(1, 1, {10, canary(dice)}, {90, baseline(dice)});
}

}  // namespace

TEST_CASE("the gate is open only while the risk of a request is beyond the tolerance") {
    RiskGate gate;
    pass(gate, 120, 1, 9);
    CHECK(gate.relative_risk() == doctest::Approx(1));
    CHECK_FALSE(gate.beyond(1.5, 0));
    RiskGate worse;
    pass(worse, 120, 2, 9);
    CHECK(worse.relative_risk() == doctest::Approx(2));
    CHECK(worse.beyond(1.5, 0));
    CHECK_FALSE(worse.beyond(2.5, 0));
}

TEST_CASE("what begins late opens it, however long there was nothing") {
    RiskGate gate;
    pass(gate, 3600, 1, 9);
    CHECK_FALSE(gate.beyond(1.5, 0));
    pass(gate, 20, 5, 9);
    CHECK(gate.beyond(1.5, 0));
    CHECK(gate.certainly_beyond(1.5, 0));
}

TEST_CASE("a bet acts by what came since its start") {
    RiskGate gate;
    pass(gate, 100, 4, 9, 1);
    pass(gate, 100, 1, 9, 2);
    pass(gate, 20, 1, 9, 3);
    CHECK(gate.reach(1.5) == 1);
    RiskGate late;
    pass(late, 100, 1, 9, 1);
    pass(late, 100, 4, 9, 2);
    pass(late, 2, 4, 9, 3);
    CHECK(late.reach(1.5) == 2);
    CHECK(RiskGate().reach(1.5) == RiskGate::kNoReach);
}

TEST_CASE("a few marks open it only when they say much") {
    RiskGate one;
    one.add(1, 1, {10, 1}, {90, 0});  // of ten requests in a hundred
    CHECK_FALSE(one.beyond(1.5, 0));
    RiskGate six;
    six.add(1, 1, {10, 6}, {90, 0});
    CHECK(six.beyond(1.5, 0));
    RiskGate sure;
    sure.add(1, 1, {10, 10}, {90, 9});
    CHECK(sure.beyond(1.5, 0));
}

TEST_CASE("an arm that nobody asked in a tick is compared with what comes next") {
    RiskGate gate;
    for (int i = 0; i < 50; ++i) {
        gate.add(1, 1, {1, 1}, {0, 0});
        gate.add(1, 1, {0, 0}, {9, 1});
    }
    CHECK(gate.relative_risk() == doctest::Approx(9));
}

TEST_CASE("an incident in both arms while the share grows is none of the canary's") {
    RiskGate gate;
    for (int i = 0; i < 300; ++i) gate.add(1, 1, {10, 0}, {990, 10});
    for (int i = 0; i < 300; ++i) gate.add(1, 1, {500, 150}, {500, 150});
    CHECK(gate.relative_risk() == doctest::Approx(1).epsilon(.05));
    CHECK_FALSE(gate.beyond(1.2, 0));
}

TEST_CASE("a bet against no worse at all acts only when the tolerance is passed for certain") {
    RiskGate gate;
    pass(gate, 300, 1, 6);  // 1.5 times
    CHECK_FALSE(gate.certainly_beyond(1.5, 0));
    RiskGate certain;
    pass(certain, 300, 3, 9);  // 3 times
    CHECK(certain.certainly_beyond(1.5, 0));
}

TEST_CASE("what is beyond the tolerance as it looks is told before it is certain, and what is inside it is not") {
    RiskGate gate;
    pass(gate, 30, 2, 9);  // twice as many, of few
    CHECK(gate.likely_beyond(1.5));
    CHECK_FALSE(gate.certainly_beyond(1.5, 0));
    RiskGate inside;
    pass(inside, 600, 1, 8);
    CHECK_FALSE(inside.likely_beyond(1.5));
    CHECK_FALSE(RiskGate().likely_beyond(1.5));
}

TEST_CASE("two levels that agree are certain sooner than one of them") {
    RiskGate half, tenth;
    for (int i = 0; i < 16; ++i) {
        half.add(1, 1, {50, 33}, {450, 225});  // 1.32 times
        tenth.add(1, 1, {50, 9}, {450, 45});   // 1.8 times
    }
    CHECK_FALSE(half.certainly_beyond(1.2, 0));
    CHECK_FALSE(tenth.certainly_beyond(1.5, 0));
    CHECK(RiskGate::joint_reach(half, 1.2, tenth, 1.5) == 1);
    CHECK(RiskGate::joint_reach(half, 1.35, tenth, 1.5) == RiskGate::kNoReach);  // one inside its tolerance
}

TEST_CASE("looked at each second, it is hardly ever certain of what lies inside the tolerance") {
    std::mt19937_64 dice(20260101);
    int opened = 0;
    constexpr int kRuns = 200;
    for (int run = 0; run < kRuns; ++run) {
        RiskGate gate;
        bool open = false;
        for (int second = 0; second < 600 && !open; ++second) {
            draw(gate, 1, .1, 1.4, dice);
            open = gate.certainly_beyond(1.5, 0);
        }
        opened += open;
    }
    CHECK(opened <= 1);
}

TEST_CASE("marks of a few users are known from the users, not from the marks") {
    RiskGate gate;
    pass(gate, 120, 3, 13);  // twice as many
    CHECK(gate.beyond(1.5, 0));
    gate.users(5, 100);
    CHECK_FALSE(gate.beyond(1.5, 0));
    gate.users(500, 5000);
    CHECK(gate.beyond(1.5, 0));
}

TEST_CASE(
    "a bucket's first request of every ten seconds counts for the gate, and a step's first for the sample ratio") {
    BucketCounts counts;
    CHECK((counts.ask(3, true).first && counts.ask(4, true).paced));
    CHECK_FALSE((counts.ask(3, true).first || counts.ask(3, true).paced));
    counts.advance(10);
    const auto again = counts.ask(3, true);
    CHECK_FALSE(again.first);
    CHECK(again.paced);
    counts.clear();
    CHECK(counts.ask(3, true).first);
}

TEST_CASE("behind an arm stand as many users as would vary as much if they asked alike") {
    BucketCounts counts;
    for (std::uint16_t bucket = 0; bucket < 10; ++bucket) counts.ask(bucket, true);
    CHECK(counts.effective(true) == doctest::Approx(10));
    for (int i = 0; i < 89; ++i) counts.advance(10), counts.ask(3, true);
    CHECK(counts.effective(true) == doctest::Approx(99.0 * 99.0 / (9 + 90 * 90)));
    CHECK(counts.effective(false) == 0.0);
}

TEST_CASE("a mark that hardly anybody has opens no gate that asks for a part of all requests") {
    RiskGate any, half(0.25);
    for (RiskGate* gate : {&any, &half}) pass(*gate, 600, 1, 0);  // one in ten, and none of the baseline's
    CHECK(any.certainly_beyond(1.2, 0));
    CHECK(any.often());
    CHECK_FALSE(half.certainly_beyond(1.2, 0));
    CHECK(half.reach(1.2) == RiskGate::kNoReach);
    CHECK_FALSE(half.often());
    pass(half, 8, 5, 0);  // lately half of them
    CHECK(half.certainly_beyond(1.2, 0));
    CHECK(half.often());
}
