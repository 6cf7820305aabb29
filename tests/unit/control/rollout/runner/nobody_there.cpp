// A release that cannot be asked.
#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;

TEST_CASE("nobody there: the last endpoint of the new release goes down and all traffic returns at once") {
    for (const int weight : {5, 100}) {
        CAPTURE(weight);
        Stage stage;
        const auto live = started(stage);
        while (stage.green_percent() < weight) REQUIRE(live->promote("alice").has_value());
        stage.tick({200 - 2U * static_cast<unsigned>(weight), 0}, {2U * static_cast<unsigned>(weight), 0});
        stage.green_goes(false);  // neither a request nor a look is needed for it
        CHECK(live->machine().state() == State::rolled_back);
        CHECK(stage.weight("green") == 0);
        const auto ended = view(*live)["ended"];
        CHECK(ended["by"] == "health");
        CHECK(ended["evidence"]["test"] == "nobody_there");
        CHECK(ended["evidence"]["down"]["127.0.0.1:9012"] == "connection refused");
    }
}

TEST_CASE("nobody there, and nowhere to go back to: the step holds and says so, and goes on when somebody comes") {
    Stage stage;
    const auto live = started(stage);
    stage.by_split(2, [] { return false; });
    stage.health["blue"].usable = 0;
    stage.green_goes(false);
    stage.pass(20, {0, 0}, {0, 0});
    CHECK(live->machine().state() == State::running);
    CHECK(live->machine().why().find("nowhere to return to") != std::string::npos);
    CHECK(stage.green_percent() == doctest::Approx(5));
    stage.green_goes(true);
    stage.tick({0, 0}, {0, 0});
    CHECK(live->machine().why().find("nowhere") == std::string::npos);
    stage.health["blue"].usable = 2;
    stage.by_split(60, [&] { return live->machine().step() == 1; });
    CHECK(live->machine().step() == 1);
}

TEST_CASE("a release that keeps crashing holds its step, whatever the evidence between") {
    Stage stage;
    const auto live = started(stage);
    stage.health["green"] = {2, 1, 0, {{"127.0.0.1:9012", "connection refused"}}};
    for (int i = 0; i < 3; ++i) {
        stage.rollouts->went_down("green", "127.0.0.1:9012");
        stage.rollouts->went_down("blue", "127.0.0.1:9002");  // not what is on trial
        stage.by_split(2, [] { return false; });
    }
    CHECK(live->machine().why().starts_with("crashing: endpoint 127.0.0.1:9012 of green"));
    stage.by_split(40, [&] { return live->machine().step() == 1; });
    CHECK(live->machine().step() == 0);
    CHECK(live->machine().state() == State::running);
    stage.by_split(30, [&] { return live->machine().step() == 1; });
    CHECK(live->machine().step() == 1);
}

TEST_CASE("nothing begins towards an upstream without a healthy endpoint, unless by force") {
    Stage stage;
    stage.green_goes(false);
    const auto refused = stage.rollouts->start(small_plan(), "ci");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 409);
    CHECK(refused.error().detail.find(
              "upstream green has 0 of 1 endpoints healthy (127.0.0.1:9012: connection refused)") == 0);
    CHECK(stage.rollouts->check(small_plan()).error().status == 409);  // a dry run, too
    std::string from;
    CHECK(stage.rollouts->may_watch("forum", "green", from).error().status == 409);
    CHECK(stage.rollouts->may_watch("forum", "green", from, true).has_value());
    CHECK(stage.disk.empty());
    CHECK(stage.rollouts->check(small_plan(), true).has_value());
    const auto forced = stage.rollouts->start(small_plan(), "ci", true);
    REQUIRE(forced.has_value());
    CHECK(stage.forced);  // the guard would keep all of the traffic from an empty upstream
    stage.tick({190, 0}, {0, 0});
    // It was told: that no endpoint is there is no news. What clients meet of it is.
    CHECK((*forced)->machine().state() == State::running);
    CHECK((*forced)->machine().why().starts_with("no endpoint of green is usable"));
    int ticks = 0;
    while ((*forced)->machine().active() && ++ticks < 50) stage.tick(kBlueWell, {10, 10});
    CHECK(ticks <= 2);
    CHECK(stage.weight("green") == 0);
}
