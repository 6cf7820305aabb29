// The table of situations in docs/rollouts.md, each as it says.
#include <doctest/doctest.h>

#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;

namespace {

// An hour with ten requests, one of them to the new release; nine hundred looks, so that a test of many hours is quick.
void quiet_hour(Stage& stage, std::uint64_t green_fails) {
    for (int request = 0; request < 10; ++request) {
        if (request == 6)
            stage.tick({0, 0}, {1, green_fails});
        else
            stage.tick({1, 0}, {0, 0});
        for (int look = 0; look < 89; ++look) stage.tick({0, 0}, {0, 0});
    }
}

std::shared_ptr<LiveRollout> patient(Stage& stage) {
    auto plan = small_plan();
    plan["steps"][0]["weight"] = 10;
    plan["analysis"]["patience"] = "100h";
    return started(stage, plan);
}

std::shared_ptr<LiveRollout> at_weight(Stage& stage, int weight) {
    auto live = started(stage);
    while (stage.green_percent() < weight) REQUIRE(live->promote("alice").has_value());
    return live;
}

std::string test_of(const LiveRollout& live) {
    return view(live)["ended"]["evidence"]["test"];
}

}  // namespace

TEST_CASE("no traffic at all: inconclusive after its patience at the same weight, and a person takes it on") {
    Stage stage;
    const auto live = started(stage);
    stage.pass(70, {0, 0}, {0, 0});
    REQUIRE(live->machine().state() == State::inconclusive);
    CHECK(stage.green_percent() == doctest::Approx(5));
    REQUIRE(live->resume("alice").has_value());
    CHECK(live->machine().state() == State::running);
    REQUIRE(live->promote("alice").has_value());
    CHECK(stage.green_percent() == doctest::Approx(50));
}

TEST_CASE("ten requests an hour, all well: held, and inconclusive after the usual patience") {
    Stage stage;
    const auto patient_one = patient(stage);
    for (int hour = 0; hour < 48; ++hour) quiet_hour(stage, 0);
    CHECK(patient_one->machine().state() == State::running);
    CHECK(stage.green_percent() == doctest::Approx(10));
    Stage usual;
    const auto live = started(usual);
    quiet_hour(usual, 0);
    CHECK(live->machine().state() == State::inconclusive);
    CHECK(usual.green_percent() == doctest::Approx(5));
}

TEST_CASE("ten requests an hour, and the new release fails each of its own: every failure counts") {
    Stage stage;
    const auto live = patient(stage);
    int hours = 0;
    while (active(live->machine().state()) && hours < 48) quiet_hour(stage, 1), ++hours;
    CHECK(live->machine().state() == State::rolled_back);
    CHECK(hours <= 12);
    CHECK(test_of(*live) == "errors");
}

TEST_CASE("100 % canary: the absolute limits hold, without a stated one the old release's own rate with tolerance") {
    Stage healthy;
    const auto well = at_weight(healthy, 100);
    healthy.pass(20, {0, 0}, {200, 1});
    CHECK(well->machine().state() == State::succeeded);
    Stage failing;
    const auto live = at_weight(failing, 100);
    failing.pass(20, {0, 0}, {200, 20});
    CHECK(live->machine().state() == State::rolled_back);
    CHECK(test_of(*live) == "slo_errors");
    // An old release that failed just as much before is what it is measured by.
    Stage as_bad;
    auto plan = small_plan();
    plan["analysis"]["max_extra_failures"] = 0;
    const auto same = started(as_bad, plan);
    as_bad.pass(4, {190, 19}, {10, 1});
    REQUIRE(same->promote("alice").has_value());
    REQUIRE(same->promote("alice").has_value());
    as_bad.pass(20, {0, 0}, {200, 20});
    CHECK(same->machine().state() != State::rolled_back);
}

TEST_CASE("a baseline that gets nothing for half a minute leaves the new release to the absolute limits") {
    Stage stage;
    auto plan = small_plan();
    plan["analysis"]["patience"] = "1h";
    const auto live = started(stage, plan);
    stage.tick({190, 0}, {10, 0});
    stage.tick({0, 0}, {10, 1});
    for (int i = 0; i < 5 * 25; ++i) stage.tick({0, 0}, {0, 0});
    CHECK(active(live->machine().state()));
    int ticks = 0;
    while (active(live->machine().state()) && ticks < 5 * 60) stage.tick({0, 0}, {10, 5}), ++ticks;
    // A split that sends nothing to one arm is a mismatch first; an alarm counts all the same.
    CHECK(live->machine().state() == State::rolled_back);
    CHECK(test_of(*live) == "slo_errors");
    CHECK(ticks >= 5 * 4);  // the silence goes on while no client asks either
}
