#include "control/analysis/gathering.h"

#include <doctest/doctest.h>

using namespace switchyard::control::analysis;

namespace {

Tick tick_with(std::uint64_t canary, std::uint64_t baseline, double seconds = .2) {
    Tick tick;
    tick.seconds = seconds;
    tick.canary.attempts = canary;
    tick.baseline.attempts = baseline;
    return tick;
}

}  // namespace

TEST_CASE("a busy tick is a block of its own") {
    Gathering gathering;
    gathering.begin(.05);
    const auto block = gathering.add(tick_with(10, 190));
    REQUIRE(block);
    CHECK(block->canary.attempts == 10);
    CHECK(gathering.add(tick_with(1, 19)));
    CHECK_FALSE(gathering.rest());
}

TEST_CASE("few requests wait until both arms have some and the smaller one is due") {
    Gathering gathering;
    gathering.begin(.1);
    CHECK_FALSE(gathering.add(tick_with(1, 0)));
    CHECK_FALSE(gathering.add(tick_with(0, 8)));  // both, but nine of ten
    const auto block = gathering.add(tick_with(0, 1));
    REQUIRE(block);
    CHECK(block->canary.attempts == 1);
    CHECK(block->baseline.attempts == 9);
    CHECK(block->seconds == doctest::Approx(.6));
    CHECK_FALSE(gathering.add(tick_with(0, 10)));  // due, but one arm only
    CHECK(gathering.add(tick_with(1, 0)));
}

TEST_CASE("an arm that is missing for far too long is not made up for by the other's past") {
    Gathering gathering;
    gathering.begin(.1);
    double seconds = 0;
    for (int i = 0; i < 1000; ++i)
        if (const auto block = gathering.add(tick_with(0, 5))) {
            CHECK(block->baseline.attempts == 0);
            seconds += block->seconds;
        }
    CHECK(seconds == doctest::Approx(200));
    std::optional<Tick> block;
    while (!block) block = gathering.add(tick_with(1, 4));
    CHECK(block->baseline.attempts <= 100);
}

TEST_CASE("latency counts in a block only when it did in each of its ticks") {
    Gathering gathering;
    gathering.begin(.5);
    Tick tick = tick_with(1, 0);
    CHECK_FALSE(gathering.add(tick));
    tick = tick_with(0, 1);
    tick.latency_counts = true;
    CHECK_FALSE(gathering.add(tick)->latency_counts);
    CHECK(gathering
              .add([] {
                  Tick both = tick_with(1, 1);
                  both.latency_counts = true;
                  return both;
              }())
              ->latency_counts);
}

TEST_CASE("without a split, and at the end of a step, what there is is handed on") {
    Gathering gathering;
    gathering.begin(1.0);
    CHECK(gathering.add(tick_with(1, 0)));
    gathering.begin(.01);
    CHECK_FALSE(gathering.add(tick_with(1, 3)));
    CHECK(gathering.rest()->baseline.attempts == 3);
    CHECK_FALSE(gathering.add(tick_with(0, 3)));
    CHECK_FALSE(gathering.rest());
}
