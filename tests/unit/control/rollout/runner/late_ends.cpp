// Requests that end under another step, or another rollout, than the one that sent them.
#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;

namespace {

constexpr Stage::Arm kBlueLives{190, 0, 20'000};
constexpr Stage::Arm kGreenLives{10, 0, 20'000};

}  // namespace

TEST_CASE("what hung under an aborted release is not held against the repaired one") {
    Stage stage;
    const auto hanging = started(stage);
    const auto before = stage.generation;
    stage.pass(2, kBlueLives, {0, 0});
    REQUIRE(hanging->abort("alice").has_value());
    stage.tick(kBlueLives, {0, 0});
    const auto repaired = started(stage);
    REQUIRE(stage.generation > before);
    for (int i = 0; i < 20; ++i) {
        stage.tick(kBlueLives, kGreenLives);
        stage.late(before, {0, 0}, {5, 5});  // thirty seconds are over for those
    }
    CHECK(repaired->machine().state() == State::running);
    CHECK(repaired->analysis().canary().failures == 0);
    CHECK(view(*repaired)["failing_endpoints"].empty());
    // Its own are.
    const auto own = stage.generation;
    for (int i = 0; i < 20 && repaired->machine().active(); ++i) {
        stage.tick(kBlueLives, kGreenLives);
        stage.late(own, {0, 0}, {5, 5});
    }
    CHECK(repaired->machine().state() == State::rolled_back);
}

TEST_CASE("what an earlier step sent is held against the release by that step's share") {
    Stage stage;
    auto plan = small_plan();
    plan["analysis"]["max_extra_failures"] = 0;
    const auto live = started(stage, plan);
    const auto small = stage.generation;
    stage.pass(2, kBlueLives, kGreenLives);
    REQUIRE(live->promote("alice").has_value());
    REQUIRE(stage.green_percent() == doctest::Approx(50));
    // Of 5 % of the requests a fifth of the failures are: innocent at 50 %, not at 5 %.
    for (int i = 0; i < 40 && live->machine().active(); ++i) {
        stage.tick({100, 0}, {100, 0});
        stage.late(small, {8, 8}, {2, 2});
    }
    CHECK(live->machine().state() == State::rolled_back);
    CHECK(live->analysis().step_canary().failures == 0);
}

TEST_CASE("a release of which every request hangs is taken back before a time limit ends") {
    Stage stage;
    stage.pass(10, {200, 0}, {0, 0});
    const auto live = started(stage);
    for (int i = 0; i < 150 && live->machine().active(); ++i) {
        stage.tick(kBlueLives, {0, 0});
        stage.hang(10);
    }
    CHECK(live->machine().state() == State::rolled_back);
    CHECK(live->machine().why().starts_with("latency "));
    CHECK(live->analysis().canary().attempts == 0);
}
