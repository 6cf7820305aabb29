#include "control/analysis/risk_gate.h"

#include <doctest/doctest.h>

#include "control/analysis/bucket_counts.h"

using namespace switchyard::control::analysis;

namespace {

// `seconds` of traffic at a share of 10 %, 100 requests a second.
void pass(RiskGate& gate, int seconds, std::uint64_t canary_marks, std::uint64_t baseline_marks, BetNumber placed = 1) {
    for (int i = 0; i < seconds; ++i) gate.add(1, placed, {10, canary_marks}, {90, baseline_marks});
}

}  // namespace

TEST_CASE("the gate is open only while the risk of a request is beyond the tolerance") {
    RiskGate gate;
    pass(gate, 60, 1, 9);
    CHECK(gate.relative_risk() == doctest::Approx(1));
    CHECK_FALSE(gate.beyond(1.5, 0));
    pass(gate, 60, 2, 9);
    CHECK(gate.relative_risk() == doctest::Approx(2));
    CHECK(gate.beyond(1.5, 0));
    CHECK_FALSE(gate.beyond(2.5, 0));
}

TEST_CASE("it looks at the last seconds: what was long ago neither opens nor shuts it") {
    RiskGate gate;
    pass(gate, 600, 5, 9);
    CHECK(gate.beyond(1.5, 0));
    pass(gate, 30, 1, 9);
    CHECK_FALSE(gate.beyond(1.5, 0));
}

TEST_CASE("while marks are few it looks further back, but not behind the bet") {
    RiskGate gate;
    for (int i = 0; i < 100; ++i) gate.add(1, 1, {10, i % 4 == 0 ? 1U : 0U}, {90, 0});
    for (int i = 0; i < 100; ++i) gate.add(1, 2, {10, 0}, {90, i % 4 == 0 ? 1U : 0U});
    CHECK(gate.relative_risk() == doctest::Approx(9));
    CHECK(gate.beyond(1.5, 1));
    CHECK_FALSE(gate.beyond(1.5, 2));
}

TEST_CASE("with few marks in all its lower bound decides, or that the old release has none") {
    RiskGate gate;
    gate.add(1, 1, {10, 1}, {90, 4});  // 2.25 times, of one mark: nothing
    CHECK_FALSE(gate.beyond(1.5, 0));
    RiskGate none;
    none.add(1, 1, {10, 1}, {90, 0});
    CHECK(none.beyond(1.5, 0));
    RiskGate sure;
    sure.add(1, 1, {10, 10}, {90, 9});
    CHECK(sure.beyond(1.5, 0));
    CHECK_FALSE(RiskGate().beyond(1.5, 0));
}

TEST_CASE("an arm that nobody asked in a tick is compared with what comes next") {
    RiskGate gate;
    for (int i = 0; i < 50; ++i) {
        gate.add(1, 1, {1, 1}, {0, 0});
        gate.add(1, 1, {0, 0}, {9, 1});
    }
    CHECK(gate.relative_risk() == doctest::Approx(9));
}

TEST_CASE("a bet against no worse at all acts only when the tolerance is passed for certain") {
    RiskGate gate;
    // 1.4 times, and for twenty seconds by luck 1.7 times.
    for (int i = 0; i < 100; ++i) gate.add(1, 1, {10, i % 5 < 2 ? 2U : 1U}, {90, 9});
    for (int i = 0; i < 20; ++i) gate.add(1, 1, {10, i % 10 < 7 ? 2U : 1U}, {90, 9});
    CHECK_FALSE(gate.certainly_beyond(1.5, 0));
    pass(gate, 120, 3, 9);
    CHECK(gate.certainly_beyond(1.5, 0));
}

TEST_CASE("marks of a few users are known from the users, not from the marks") {
    RiskGate gate;
    pass(gate, 60, 3, 13);  // twice as many
    CHECK(gate.certainly_beyond(1.5, 0));
    gate.users(5, 100);
    CHECK_FALSE(gate.certainly_beyond(1.5, 0));
    gate.users(500, 5000);
    CHECK(gate.certainly_beyond(1.5, 0));
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
