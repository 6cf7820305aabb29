// A switch that is watched.
#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;

TEST_CASE("a watched switch undoes itself when errors beat what the old upstream had") {
    Stage stage;
    stage.pass(20, {200, 1}, {0, 0});
    std::string from;
    REQUIRE(stage.rollouts->may_watch("forum", "green", from).has_value());
    CHECK(from == "blue");
    const auto live = stage.rollouts->watch("forum", from, "green", std::chrono::minutes(5), "ci");
    CHECK(stage.green_percent() == doctest::Approx(100));
    stage.pass(20, {0, 0}, {200, 1});
    CHECK(active(live->machine().state()));
    stage.pass(20, {0, 0}, {200, 20});
    CHECK(live->machine().state() == State::rolled_back);
    CHECK(stage.weight("green") == 0);
}

TEST_CASE("a watched switch that goes well ends by itself") {
    Stage stage;
    const auto live = stage.rollouts->watch("forum", "blue", "green", std::chrono::seconds(30), "ci");
    stage.pass(32, {0, 0}, {200, 0});
    CHECK(live->machine().state() == State::succeeded);
    CHECK(stage.green_percent() == doctest::Approx(100));
    std::string from;
    CHECK_FALSE(stage.rollouts->may_watch("forum", "green", from).has_value());
}

TEST_CASE("a watched switch that counted nothing is inconclusive, lets the route go and leaves the traffic") {
    Stage stage;
    const auto live = stage.rollouts->watch("forum", "blue", "green", std::chrono::seconds(30), "ci");
    stage.pass(32, {0, 0}, {0, 0});
    const auto shown = view(*live);
    CHECK(shown["state"] == "inconclusive");
    CHECK(shown["why"] == "no request came");
    CHECK(shown["holds_route"] == false);
    CHECK(shown["ended"]["why"] == "no request came");
    CHECK(stage.green_percent() == doctest::Approx(100));
    CHECK(stage.rollouts->held_by("forum").empty());
    CHECK_FALSE(stage.rollouts->any_active());
    stage.green_goes(false);
    stage.pass(2, {0, 0}, {200, 200});  // it is over: nothing is taken back any more
    CHECK(stage.green_percent() == doctest::Approx(100));
    stage.again();
    CHECK(stage.rollouts->held_by("forum").empty());
}

TEST_CASE("a watch makes no generation of its own but to return: an undo finds the switch") {
    Stage stage;
    stage.model.routes[0].split = {{"blue", 0}, {"green", 100}};  // by the switch
    const auto before = stage.generation;
    const auto live = stage.rollouts->watch("forum", "blue", "green", std::chrono::seconds(30), "ci");
    stage.tick({0, 0}, {200, 0});
    CHECK(stage.generation == before);
    CHECK(stage.weight("green") == 100);
    CHECK(live->weight_in_force() == kWhole);
    stage.green_goes(false);
    CHECK(stage.generation == before + 1);
    CHECK(stage.verb == "watch");
    CHECK(stage.forced);
    CHECK(stage.weight("green") == 0);
}
