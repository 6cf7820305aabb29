// Which ended rollouts are kept, and which are forgotten.
#include "control/rollout/runner/rollouts.h"
#include "tests/unit/control/rollout/runner/stage.h"

namespace {

void run_and_abort(Stage& stage, const std::string& route = "forum") {
    auto plan = small_plan();
    plan["route"] = route;
    const auto live = started(stage, plan);
    stage.tick({190, 0}, {10, 0});
    REQUIRE(live->abort("ci").has_value());
    stage.tick({200, 0}, {0, 0});
    REQUIRE_FALSE(live->busy());
}

std::string kept(const Stage& stage) {
    std::string out;
    for (const auto& rollout : stage.rollouts->newest_first()) out += rollout->id() + " ";
    return out;
}

void add_route(Stage& stage, const std::string& name) {
    auto route = stage.model.routes[0];
    route.name = name;
    stage.model.routes.push_back(route);
}

}  // namespace

TEST_CASE("the oldest of the ended rollouts are forgotten with everything that was kept of them") {
    Stage stage;
    stage.keep = 2;
    stage.again();
    for (int i = 0; i < 4; ++i) run_and_abort(stage);
    CHECK(kept(stage) == "r4 r3 ");
    CHECK(stage.rollouts->find("r2") == nullptr);
    for (const auto& [id, text] : stage.disk) CHECK((id.starts_with("r3") || id.starts_with("r4")));
    stage.again();
    CHECK(kept(stage) == "r4 r3 ");
    run_and_abort(stage);  // and numbers go on
    CHECK(kept(stage) == "r5 r4 ");
}

TEST_CASE("the latest rollout that ended on a route is kept however many end on others") {
    Stage stage;
    stage.keep = 1;
    stage.again();
    add_route(stage, "shop");
    run_and_abort(stage, "shop");
    run_and_abort(stage, "shop");
    for (int i = 0; i < 3; ++i) run_and_abort(stage);
    CHECK(kept(stage) == "r5 r2 ");
    stage.model.routes.pop_back();  // a route that is gone keeps nothing
    run_and_abort(stage);
    CHECK(kept(stage) == "r6 ");
}

TEST_CASE("a rollout that runs is not counted and not forgotten") {
    Stage stage;
    stage.keep = 1;
    stage.again();
    add_route(stage, "shop");
    const auto live = started(stage);
    for (int i = 0; i < 3; ++i) run_and_abort(stage, "shop");
    CHECK(kept(stage) == "r4 r1 ");
    REQUIRE(live->abort("ci").has_value());
    stage.tick({200, 0}, {0, 0});
    CHECK(kept(stage) == "r4 r1 ");  // the latest of its route
}

TEST_CASE("without a number all are kept; a smaller number counts at the next start") {
    Stage stage;
    for (int i = 0; i < 4; ++i) run_and_abort(stage);
    CHECK(kept(stage) == "r4 r3 r2 r1 ");
    stage.keep = 1;
    stage.again();
    CHECK(kept(stage) == "r4 ");
}

TEST_CASE("what the disk does not let go of stays, and goes when the next one ends") {
    Stage stage;
    stage.keep = 1;
    stage.again();
    run_and_abort(stage);
    const auto live = started(stage);
    REQUIRE(live->abort("ci").has_value());
    stage.disk_full = true;
    stage.tick({200, 0}, {0, 0});
    CHECK(kept(stage) == "r2 r1 ");
    CHECK(stage.events.back()["kind"] == "not_forgotten");
    stage.disk_full = false;
    run_and_abort(stage);
    CHECK(kept(stage) == "r3 ");
}
