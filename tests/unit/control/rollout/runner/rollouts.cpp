#include "control/rollout/runner/rollouts.h"

#include <algorithm>

#include "control/rollout/runner/report_page.h"
#include "control/rollout/runner/rollout_metrics.h"
#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;
using switchyard::control::Problem;

namespace {

constexpr Stage::Arm kBlueWell{190, 0, 20'000};
constexpr Stage::Arm kGreenWell{10, 0, 20'000};

}  // namespace

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
    // Workers that report for somebody else's sake do not make looks dearer.
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
    CHECK(stage.forced);  // the guard would keep all of the traffic from nobody
    stage.tick({190, 0}, {0, 0});
    // It was told: that nobody is there is no news. What clients meet of it is.
    CHECK((*forced)->machine().state() == State::running);
    CHECK((*forced)->machine().why().starts_with("no endpoint of green is usable"));
    int ticks = 0;
    while ((*forced)->machine().active() && ++ticks < 50) stage.tick(kBlueWell, {10, 10});
    CHECK(ticks <= 2);
    CHECK(stage.weight("green") == 0);
}

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
    // Nobody did anything else: what is wanted still is.
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
    stage.model.routes[0].split = {{"blue", 0}, {"green", 1}};  // by force: she knows why
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

TEST_CASE("the report is kept with the rollout and its page needs nothing from outside") {
    Stage stage;
    auto plan = small_plan();
    const auto live = started(stage, plan);
    stage.pass(20, {190, 2}, {10, 0});
    REQUIRE(live->abort("<alice>").has_value());
    stage.again();
    const auto kept = stage.rollouts->find("r1");
    CHECK(report(*kept)["timeline"]["samples"].size() >= 19);
    const std::string page = report_page(*kept);
    CHECK(page.find("<div id=\"pictures\">") != std::string::npos);
    CHECK(page.find("\"weight_ppm\":50000") != std::string::npos);
    CHECK(page.find("&lt;alice&gt;") != std::string::npos);
    CHECK(page.find("<alice>") == std::string::npos);
    for (const char* outside : {"<link", "<img", " src=", "href=", "@import", "url(", "import "}) {
        CAPTURE(outside);
        CHECK(page.find(outside) == std::string::npos);
    }
}

TEST_CASE("the metrics say how much evidence there is and what weight is in force, while a route is held") {
    Stage stage;
    const auto live = started(stage);
    stage.pass(2, kBlueWell, {10, 0});
    switchyard::control::Exposition out;
    write_rollout_metrics(out, *stage.rollouts);
    const std::string text = out.take();
    CHECK(text.find("switchyard_rollout_weight{rollout=\"r1\",route=\"forum\"} 5\n") != std::string::npos);
    CHECK(text.find("switchyard_rollout_evidence{rollout=\"r1\",metric=\"errors\"} ") != std::string::npos);
    REQUIRE(live->abort("alice").has_value());
    write_rollout_metrics(out, *stage.rollouts);
    CHECK(out.take().find("r1") == std::string::npos);
}

TEST_CASE("there is something to compare with at any moment: before the first request, after a step, while paused") {
    Stage stage;
    stage.pass(10, {200, 1}, {0, 0});
    const auto live = started(stage);
    auto arms = view(*live)["arms"];
    CHECK(arms["blue"]["attempts"] == 0);
    CHECK(arms["blue"]["before"]["attempts"] == 10'000);
    CHECK(arms["blue"]["before"]["latency_ms"]["p50"] > 0);
    stage.tick({190, 4}, {10, 1});
    stage.pass(2, {190, 4}, {10, 0});
    REQUIRE(live->promote("alice").has_value());
    REQUIRE(live->pause("alice").has_value());
    arms = view(*live)["arms"];
    for (const char* colour : {"blue", "green"}) {
        CAPTURE(colour);
        CHECK(arms[colour]["attempts"] > 0);
        CHECK(arms[colour]["error_percent"] > 0);
        CHECK(arms[colour]["latency_ms"]["p99"] > 0);
        CHECK(arms[colour]["step"]["attempts"] == 0);
        CHECK_FALSE(arms[colour]["step"].contains("latency_ms"));
    }
    stage.pass(2, {100, 1}, {100, 1});
    arms = view(*live)["arms"];
    CHECK(arms["green"]["step"]["attempts"] == 1000);
    CHECK(arms["green"]["attempts"] == 1110);
    CHECK(arms["green"]["step"]["latency_ms"]["p50"] > 0);
}

TEST_CASE("the report has one line of evidence for each test") {
    Stage stage;
    const auto live = started(stage);
    stage.pass(10, {190, 2}, {10, 1});
    const auto timeline = report(*live)["timeline"];
    const auto tests = timeline["tests"].get<std::vector<std::string>>();
    const std::string page = report_page(*live);
    for (const auto& row : live->analysis().rows()) {
        CAPTURE(row.test);
        CHECK(std::ranges::find(tests, row.test) != tests.end());
        CHECK(page.find('"' + row.test + '"') != std::string::npos);
    }
    for (const auto& sample : timeline["samples"]) CHECK(sample["evidence"].size() == tests.size());
    const auto errors = static_cast<std::size_t>(std::ranges::find(tests, "errors") - tests.begin());
    CHECK(timeline["samples"].back()["evidence"][errors] > 0);
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
