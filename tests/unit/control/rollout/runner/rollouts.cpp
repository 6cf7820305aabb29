#include "control/rollout/runner/rollouts.h"

#include <algorithm>

#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;
using switchyard::control::Problem;

TEST_CASE("a healthy release goes through its steps by evidence and ends with everything") {
    Stage stage;
    const auto live = started(stage);
    CHECK(live->id() == "r1");
    CHECK(stage.green_percent() == doctest::Approx(5));
    CHECK(stage.rollouts->held_by("forum") == "r1");
    stage.by_split(60, [&] { return live->machine().step() == 1; });
    CHECK(stage.green_percent() == doctest::Approx(50));
    stage.by_split(20, [&] { return live->machine().step() == 2; });
    CHECK(stage.green_percent() == doctest::Approx(100));
    stage.by_split(20, [&] { return live->machine().closed(); });
    CHECK(live->machine().state() == State::succeeded);
    CHECK(live->machine().closed());
    CHECK(stage.rollouts->held_by("forum").empty());
    CHECK(view(*live)["state"] == "succeeded");
}

TEST_CASE("a release that fails is rolled back within a second, and says why, where and to whom") {
    Stage stage;
    const auto live = started(stage);
    int ticks = 0;
    while (active(live->machine().state()) && ticks < 50) {
        stage.tick(kBlueWell, {10, 10});
        ++ticks;
    }
    CHECK(ticks <= 2);
    CHECK(stage.weight("green") == 0);
    CHECK(stage.weight("blue") == 1);
    const auto shown = view(*live);
    CHECK(shown["state"] == "rolled_back");
    CHECK(shown["ended"]["evidence"]["test"] == "errors");
    CHECK(shown["ended"]["evidence"]["endpoints"].contains("127.0.0.1:9012"));
    REQUIRE(stage.calls.size() == 1);
    CHECK(stage.calls[0].first == "http://127.0.0.1:1/hook");
    CHECK(Stage::Json::parse(stage.calls[0].second)["kind"] == "rollback");
    // It stays so, whatever comes.
    stage.pass(30, kBlueWell, kGreenWell);
    CHECK(stage.weight("green") == 0);
}

TEST_CASE("when both colours slow down or fail together nothing is rolled back") {
    Stage stage;
    const auto live = started(stage);
    stage.pass(5, kBlueWell, kGreenWell);
    stage.pass(30, {190, 57, 400'000}, {10, 3, 400'000});
    CHECK(active(live->machine().state()));
    CHECK(stage.green_percent() >= 5);
}

TEST_CASE("a slower release is rolled back by latency alone") {
    Stage stage;
    stage.pass(10, {200, 0}, {0, 0});  // the past that quantiles are frozen from
    const auto live = started(stage);
    int ticks = 0;
    while (active(live->machine().state()) && ticks < 200) {
        stage.tick(kBlueWell, {10, 0, 60'000});
        ++ticks;
    }
    REQUIRE(live->machine().state() == State::rolled_back);
    CHECK(view(*live)["ended"]["evidence"]["test"].get<std::string>().starts_with("latency_"));
    CHECK(ticks <= 60);
}

TEST_CASE("sticky: failures count once per bucket, and the split gets a salt of its own") {
    Stage stage(true);
    const auto live = started(stage);
    CHECK(stage.model.routes[0].sticky->salt == "forum/r1");
    int ticks = 0;
    while (active(live->machine().state()) && ticks < 50) {
        stage.tick(kBlueWell, {10, 4}, true);
        ++ticks;
    }
    CHECK(live->machine().state() == State::rolled_back);
    CHECK(ticks <= 5);
}

TEST_CASE("zero traffic holds the weight and then asks a person") {
    Stage stage;
    const auto live = started(stage);
    stage.pass(30, {0, 0}, {0, 0});
    CHECK(live->machine().state() == State::running);
    CHECK(stage.green_percent() == doctest::Approx(5));
    stage.pass(40, {0, 0}, {0, 0});
    CHECK(live->machine().state() == State::inconclusive);
    CHECK(stage.green_percent() == doctest::Approx(5));
    CHECK(view(*live)["why"].get<std::string>().find("not asked once") != std::string::npos);
}

TEST_CASE("ten requests an hour: neither rolled back nor promoted, however long it takes") {
    Stage stage;
    auto plan = small_plan();
    plan["analysis"]["patience"] = "100h";
    const auto live = started(stage, plan);
    for (int hour = 0; hour < 5; ++hour) {
        stage.tick({9, 0}, {1, 0});
        stage.pass(600, {0, 0}, {0, 0});
    }
    CHECK(live->machine().state() == State::running);
    CHECK(stage.green_percent() == doctest::Approx(5));
}

TEST_CASE("the first report of a step counts, and a look is taken as soon as every worker has reported") {
    Stage stage;
    const auto live = started(stage);
    stage.tick(kBlueWell, kGreenWell);
    CHECK(live->analysis().step_canary().attempts == 10);
    const auto half = [&](unsigned worker) {
        switchyard::WorkerReport report;
        report.worker = worker;
        report.cells.push_back(
            {Stage::kRoute, Stage::kGreen, std::make_unique<switchyard::Cell>(), stage.generation, false});
        report.cells.back().cell->attempts = 4;
        stage.rollouts->report(report);
    };
    stage.now += Monotonic(200);
    half(0);
    CHECK(live->analysis().step_canary().attempts == 10);
    half(1);
    CHECK(live->analysis().step_canary().attempts == 18);
    // Workers that report for another rollout's sake do not make looks dearer.
    stage.now += Monotonic(10);
    half(0), half(1);
    CHECK(live->analysis().step_canary().attempts == 18);
    stage.now += Monotonic(390);
    half(0);  // the other one is stuck
    stage.rollouts->look_if_overdue();
    CHECK(live->analysis().step_canary().attempts == 30);
}

TEST_CASE("workers that fall silent advance nothing") {
    Stage stage;
    const auto live = started(stage);
    stage.pass(2, {1900, 0}, {100, 0});
    for (int i = 0; i < 100; ++i) {
        stage.now += Monotonic(200);
        stage.rollouts->look_if_overdue();
    }
    CHECK(stage.green_percent() == doctest::Approx(5));
    CHECK(live->machine().why() == "waits for fresh counts from the workers");
}

TEST_CASE("two rollouts do not share a route, and the refusal names the holder") {
    Stage stage;
    started(stage);
    const auto second = stage.rollouts->start(small_plan(), "ci");
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().status == 409);
    CHECK(second.error().detail.find("r1") != std::string::npos);
}

TEST_CASE("a plan that does not fit is refused with pointers and leaves nothing behind") {
    Stage stage;
    auto plan = small_plan();
    plan["to"] = "grene";
    const auto refused = stage.rollouts->start(plan, "ci");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 422);
    CHECK(refused.error().errors.at(0).pointer == "/to");
    CHECK(stage.disk.empty());
    CHECK(stage.rollouts->newest_first().empty());
}

TEST_CASE("killed at any moment it comes back where it was, holding the weight, and begins the bake anew") {
    Stage stage;
    const auto before = started(stage);
    stage.by_split(60, [&] { return before->machine().step() == 1; });
    CHECK(stage.green_percent() == doctest::Approx(50));
    stage.by_split(3, [] { return false; });
    stage.now = Monotonic(5);
    stage.again();
    const auto live = stage.rollouts->find("r1");
    REQUIRE(live);
    CHECK(live->machine().state() == State::running);
    CHECK(live->machine().step() == 1);
    CHECK(stage.green_percent() == doctest::Approx(50));
    stage.pass(4, {100, 0}, {100, 0});
    CHECK(live->machine().step() == 1);
    stage.pass(4, {100, 0}, {100, 0});
    CHECK(live->machine().step() == 2);
    CHECK(report(*live)["journal"].size() >= 4);
}

TEST_CASE("ids go on after a restart, and ended rollouts can still be looked at") {
    Stage stage;
    const auto live = started(stage);
    REQUIRE(live->abort("alice").has_value());
    CHECK(stage.weight("green") == 0);
    stage.again();
    REQUIRE(stage.rollouts->find("r1"));
    CHECK(stage.rollouts->find("r1")->machine().state() == State::aborted);
    CHECK(stage.rollouts->held_by("forum").empty());
    CHECK(started(stage)->id() == "r2");
}

TEST_CASE("a full disk stops a weight from growing, but not a rollback") {
    Stage stage;
    auto live = started(stage);
    stage.pass(2, kBlueWell, kGreenWell);
    stage.disk_full = true;
    REQUIRE(live->promote("alice").has_value());
    CHECK(stage.green_percent() == doctest::Approx(5));
    CHECK(view(*live)["publish_problem"].get<std::string>().find("journal") != std::string::npos);
    REQUIRE(live->abort("alice").has_value());
    CHECK(stage.weight("green") == 0);
    stage.disk_full = false;
    stage.tick(kBlueWell, {0, 0});
    CHECK(live->machine().closed());
    CHECK(stage.disk["r1"].find("aborted") != std::string::npos);
}

TEST_CASE("a worker that lags holds the step's evidence back until it has adopted the weight") {
    Stage stage;
    stage.lagging = true;
    const auto live = started(stage);
    stage.pass(20, {1900, 0}, {100, 0});
    CHECK(live->machine().step() == 0);
    CHECK(live->machine().baked() == Monotonic{0});
    stage.lagging = false;
    stage.pass(10, {1900, 0}, {100, 0});
    CHECK(live->machine().step() >= 1);
}

TEST_CASE("a refused publication is tried again") {
    Stage stage;
    const auto live = started(stage);
    stage.refuse = true;
    REQUIRE(live->promote("alice").has_value());
    stage.pass(2, kBlueWell, kGreenWell);
    CHECK(stage.green_percent() == doctest::Approx(5));
    stage.refuse = false;
    stage.pass(2, kBlueWell, kGreenWell);
    CHECK(stage.green_percent() == doctest::Approx(50));
}

TEST_CASE("a check that fails three times in a row rolls back") {
    Stage stage;
    auto plan = small_plan();
    plan["analysis"]["checks"] = {{{"name", "smoke"}, {"http", "http://127.0.0.1:1/readyz"}, {"every", "1s"}}};
    plan["analysis"]["webhooks"] = Stage::Json::array();
    const auto live = started(stage, plan);
    stage.pass(2, kBlueWell, kGreenWell);
    CHECK(active(live->machine().state()));
    stage.check_answers = false;
    stage.pass(4, kBlueWell, kGreenWell);
    CHECK(live->machine().state() == State::rolled_back);
    CHECK(view(*live)["ended"]["by"] == "check smoke");
    CHECK(stage.weight("green") == 0);
}

TEST_CASE("all that is wrong with a plan comes back at once: values, order and names") {
    Stage stage;
    const auto plan = nlohmann::ordered_json::parse(R"({"route":"forum","from":"blue","to":"grene",
      "steps":[{"weight":5,"bake":"1x"},{"weight":3},{"pause":{}}],"analysis":{"errrors":{}}})");
    const auto refused = stage.rollouts->start(plan, "ci");
    REQUIRE_FALSE(refused.has_value());
    std::string pointers;
    for (const auto& error : refused.error().errors) pointers += error.pointer + " ";
    CHECK(pointers == "/steps/0/bake /steps/1 /steps/2 /analysis/errrors /to ");
    CHECK(refused.error().detail.starts_with("the plan has 5 errors"));
    // What could not be read is not called unknown as well.
    const auto empty = stage.rollouts->start(nlohmann::ordered_json::object(), "ci");
    CHECK(empty.error().errors.size() == 4);
}
