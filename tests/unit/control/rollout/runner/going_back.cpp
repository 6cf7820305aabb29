// The return, until it is made.
#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;

TEST_CASE("a rollback that is not in force yet says so, holds the route, and lets a person have it who aborts") {
    Stage stage;
    const auto live = started(stage);
    REQUIRE(live->promote("alice").has_value());
    stage.refuse = true;
    stage.green_goes(false);
    stage.tick({0, 0}, {0, 0});
    CHECK(view(*live)["state"] == "rolling_back");
    CHECK(stage.green_percent() == doctest::Approx(50));
    auto holder = stage.rollouts->holder("forum");
    CHECK(holder.rollout == "r1");
    CHECK(holder.returning);
    CHECK(stage.rollouts->start(small_plan(), "ci", true).error().detail.find("is being returned by rollout r1") !=
          std::string::npos);
    CHECK_FALSE(live->promote("alice").has_value());
    REQUIRE(live->abort("alice").has_value());
    CHECK(stage.rollouts->held_by("forum").empty());
    // No other change was made: what is wanted still is.
    stage.refuse = false;
    stage.pass(1, {0, 0}, {0, 0});
    CHECK(stage.weight("green") == 0);
    CHECK(live->machine().closed());
    CHECK(view(*live)["ended"]["by"] == "health");
}

TEST_CASE("what a person has made of the route since the return was let go is left as it is") {
    Stage stage;
    const auto live = started(stage);
    stage.refuse = true;
    stage.green_goes(false);
    stage.tick({0, 0}, {0, 0});
    REQUIRE(live->abort("alice").has_value());
    stage.model.routes[0].split = {{"blue", 0}, {"green", 1}};  // by force: the operator knows why
    stage.refuse = false;
    stage.pass(1, {0, 0}, {0, 0});
    CHECK(stage.green_percent() == doctest::Approx(100));
    CHECK(live->machine().closed());
}

TEST_CASE("an undo while it rolls back settles it, unless it would leave the bad release some traffic") {
    Stage stage;
    const auto live = started(stage);
    stage.refuse = true;
    stage.green_goes(false);
    stage.tick({0, 0}, {0, 0});
    REQUIRE(live->machine().state() == State::rolling_back);
    stage.model.routes[0].split = {{"blue", 1}, {"green", 3}};
    stage.refuse = false;
    stage.pass(1, {0, 0}, {0, 0});
    CHECK(stage.weight("green") == 0);
    CHECK(live->machine().state() == State::rolled_back);
    Stage other;
    const auto second = started(other);
    other.refuse = true;
    other.green_goes(false);
    other.tick({0, 0}, {0, 0});
    other.model.routes[0].split = {{"blue", 7}};
    const auto before = other.generation;
    other.refuse = false;
    other.pass(1, {0, 0}, {0, 0});
    CHECK(second->machine().state() == State::rolled_back);
    CHECK(other.generation == before);
    CHECK(other.weight("blue") == 7);
}

TEST_CASE("a store that refuses does not keep the bad release in traffic") {
    Stage stage;
    const auto live = started(stage);
    REQUIRE(live->promote("alice").has_value());
    stage.disk_full = stage.store_full = true;
    REQUIRE(live->promote("alice").has_value());  // upwards it waits
    stage.pass(1, {100, 0}, {100, 0});
    CHECK(stage.green_percent() == doctest::Approx(50));
    CHECK(live->machine().why().find("its weight is not in force yet: the journal cannot be written") == 0);
    const auto again = live->promote("alice");  // and is not skipped by who asks twice
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().detail.find("not in force yet") != std::string::npos);
    stage.pass(1, {100, 0}, {100, 100});
    CHECK(stage.weight("green") == 0);
    CHECK(live->machine().state() == State::rolled_back);
    stage.disk_full = stage.store_full = false;
    stage.tick(kBlueWell, {0, 0});
    CHECK(stage.disk["r1"].find("rolled_back") != std::string::npos);
}
