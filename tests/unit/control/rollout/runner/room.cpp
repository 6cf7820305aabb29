// How many rollouts there may be at once.
#include "control/rollout/runner/rollouts.h"
#include "tests/unit/control/rollout/runner/stage.h"

TEST_CASE("no more rollouts than are looked at in time: the next one hears it already when it is tried or watched") {
    Stage stage;
    auto plan = small_plan();
    for (std::size_t i = 0; i < switchyard::control::rollout::Rollouts::kMostActive; ++i) {
        auto route = stage.model.routes[0];
        route.name = "r" + std::to_string(i);
        stage.model.routes.push_back(route);
        plan["route"] = route.name;
        started(stage, plan);
    }
    std::string from;
    const auto tried = stage.rollouts->check(small_plan());
    const auto watched = stage.rollouts->may_watch("forum", "green", from);
    REQUIRE_FALSE(tried.has_value());
    REQUIRE_FALSE(watched.has_value());
    CHECK(tried.error().detail == "64 rollouts are active already");
    CHECK(watched.error().detail == tried.error().detail);
    // One that ends makes room.
    REQUIRE(stage.rollouts->find("r1")->abort("ci").has_value());
    stage.tick({200, 0}, {0, 0});
    CHECK(stage.rollouts->check(small_plan()).has_value());
}
