// What a rollout tells while it runs and when it has ended.
#include "control/rollout/runner/report_page.h"
#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;

namespace {

constexpr Stage::Arm kBlueGood{190, 0, 20'000};
constexpr Stage::Arm kGreenGood{10, 0, 20'000};

}  // namespace

TEST_CASE("where the marks came from is asked of the workers while it runs, and told in the sentence and the view") {
    Stage stage;
    const auto live = started(stage);
    CHECK(stage.noting == switchyard::MarkLimits{});  // nothing is known to be slow yet
    stage.pass(15, kBlueGood, kGreenGood);
    REQUIRE(stage.noting.has_value());
    CHECK(stage.noting->slow_us > 20'000);
    CHECK(stage.noting->slow_us < 40'000);
    CHECK(stage.noting->tail_us > 2 * stage.noting->slow_us);
    CHECK(stage.noting->late_us == switchyard::MarkLimits::kNothing);  // no whole answer was told of
    switchyard::MarkNote note(switchyard::MarkNote::Group::failed, switchyard::AnswerKind::ordinary,
                              switchyard::Failure::none, 503, 12, "GET", "/checkout");
    note.times = 9;
    for (int ticks = 0; active(live->machine().state()) && ticks < 50; ++ticks) {
        switchyard::WorkerReport report;
        report.worker = 5;  // not counted: only its notes are looked at
        report.marks = {{Stage::kRoute, Stage::kGreen, stage.generation, {note}},
                        {Stage::kRoute + 1, Stage::kGreen, stage.generation, {note}}};
        live->report(report);
        stage.tick(kBlueGood, {10, 10});
    }
    REQUIRE(live->machine().state() == State::rolled_back);
    CHECK_FALSE(stage.noting.has_value());
    const auto shown = view(*live);
    const std::string where = "Mostly GET /checkout (";
    CHECK(shown["why"].get<std::string>().find(where) != std::string::npos);
    CHECK(shown["ended"]["evidence"]["where"]["paths"].contains("GET /checkout"));
    CHECK(shown["marks"]["green"]["failed"]["where"].get<std::string>().find("endpoint 127.0.0.1:9012.") !=
          std::string::npos);
    CHECK(report_page(*live).find(where) != std::string::npos);
    CHECK(stage.calls.back().second.find(where) != std::string::npos);
    CHECK(stage.events.back()["text"].get<std::string>().find(where) != std::string::npos);
    stage.again();
    CHECK(view(*stage.rollouts->find("r1"))["marks"] == shown["marks"]);
}

TEST_CASE("a sticky release that is broken for a few users says that it is the same ones") {
    const auto broken_for_five = [](Stage& stage) {
        const auto live = stage.rollouts->find("r1");
        for (int ticks = 0; active(live->machine().state()) && ticks < 200; ++ticks) {
            switchyard::WorkerReport report;
            report.worker = 1;
            switchyard::FailedBuckets buckets;
            buckets.route = Stage::kRoute, buckets.generation = stage.generation;
            for (std::uint16_t asked = 0; asked < 300; ++asked) {
                const std::uint16_t user = asked % 100;
                buckets.samples.push_back({.bucket = user, .canary = true});
                if (user % 20 == 7) buckets.canary.push_back(user);
                for (std::uint16_t other = 0; other < 9; ++other)
                    buckets.samples.push_back({.bucket = static_cast<std::uint16_t>(1000 + 10 * user + other)});
            }
            report.failed_buckets.push_back(std::move(buckets));
            stage.tick({2700, 0}, {300, 15});
            live->report(report);
        }
        return view(*live);
    };
    Stage stage(true);
    started(stage);
    stage.tick(kBlueGood, kGreenGood);
    const auto shown = broken_for_five(stage);
    REQUIRE(shown["state"] == "rolled_back");
    CHECK(shown["why"].get<std::string>().find("Again and again the same users: 5 of 100 (5 %), in ") !=
          std::string::npos);
    CHECK(shown["ended"]["evidence"]["where"]["users"]["marked"] == 5);
}

TEST_CASE("where requests came from that nobody counts is not told") {
    Stage stage;
    const auto before = started(stage);
    const auto hung_under = stage.generation;
    stage.pass(2, kBlueGood, kGreenGood);
    REQUIRE(before->abort("alice").has_value());
    stage.tick(kBlueGood, {0, 0});
    const auto live = started(stage);
    REQUIRE(stage.generation > hung_under);
    const switchyard::MarkNote note(switchyard::MarkNote::Group::failed, switchyard::AnswerKind::ordinary,
                                    switchyard::Failure::response_timeout, 504, 12, "GET", "/hung");
    const auto noted = [&](std::uint64_t generation) {
        switchyard::WorkerReport report;
        report.worker = 5;
        report.marks = {{Stage::kRoute, Stage::kGreen, generation, {note}}};
        live->report(report);
        return live->places().canary("failed") != nullptr;
    };
    stage.tick(kBlueGood, kGreenGood);
    CHECK_FALSE(noted(hung_under));
    CHECK(noted(stage.generation));
}

TEST_CASE(
    "what the plan states about innocent releases stands in view and report, kinds of answers that roll back "
    "included") {
    Stage stage;
    auto plan = small_plan();
    CHECK(view(*started(stage, plan))["stated_false_alarm"] == doctest::Approx(0.001));
    Stage other;
    plan["analysis"]["answers"] = {{"false_alarm", 0.002}, {"act", "rollback"}};
    const auto live = started(other, plan);
    const auto shown = view(*live);
    CHECK(shown["stated_false_alarm"] == doctest::Approx(0.003));
    CHECK(
        shown["promise"] ==
        "a release that is no worse is taken back by luck in at most 0.3 % of rollouts: 0.1 % by false_alarm and 0.2 % "
        "by answers");
    CHECK(report_page(*live).find("Stated: a release that is no worse") != std::string::npos);
}

TEST_CASE("while it runs it says until when it waits, and whether a person is needed") {
    Stage stage;
    const auto live = started(stage);
    stage.pass(2, kBlueGood, kGreenGood);
    const auto said = [&] { return summary(*live)["why"].get<std::string>(); };
    CHECK(said().starts_with("bakes "));
    CHECK(said().find("; then ") != std::string::npos);
    CHECK(said().find(" more requests: about ") != std::string::npos);
    CHECK(summary(*live)["needs_person"] == false);
    REQUIRE(live->pause("alice").has_value());
    CHECK(said() == "paused by alice");
    CHECK(summary(*live)["needs_person"] == true);
}

TEST_CASE("endpoints that checks have taken out stand in the view and hold the step") {
    Stage stage;
    const auto live = started(stage);
    stage.health["green"] = {3, 2, 0, {{"127.0.0.1:9012", "answered 503"}}, 3, {{"127.0.0.1:9012", "answered 503"}}};
    stage.by_split(30, [] { return false; });
    CHECK(live->machine().step() == 0);
    CHECK(live->machine().state() == State::running);
    const auto shown = view(*live);
    CHECK(shown["why"].get<std::string>().starts_with("1 of 3 endpoints of green is out"));
    CHECK(shown["taken_out"]["endpoints"]["127.0.0.1:9012"] == "answered 503");
    CHECK(
        report_page(*live).find("Taken out by its checks: 127.0.0.1:9012 of the 3 endpoints of green: answered 503") !=
        std::string::npos);
    stage.health["green"] = {3, 3, 0, {}, 3, {}};
    stage.by_split(30, [&] { return live->machine().step() == 1; });
    CHECK(live->machine().step() == 1);
}

TEST_CASE("a kind of answer that holds the step is told at once, also while it bakes, with the places that it counts") {
    Stage stage;
    const auto live = started(stage);
    const auto not_found = static_cast<std::size_t>(switchyard::AnswerKind::not_found);
    switchyard::MarkNote note(switchyard::MarkNote::Group::answer, switchyard::AnswerKind::not_found,
                              switchyard::Failure::none, 404, 12, "GET", "/list");
    stage.tick(kBlueGood, kGreenGood);
    for (int ticks = 0; summary(*live)["needs_person"] == false && ticks < 20; ++ticks) {
        switchyard::WorkerReport noted;
        noted.worker = 5;
        noted.marks = {{Stage::kRoute, Stage::kGreen, stage.generation, {note}}};
        live->report(noted);
        stage.answers[not_found] = 10;
        stage.tick(kBlueGood, kGreenGood);
    }
    const std::string said = summary(*live)["why"];
    CHECK(live->machine().state() == State::running);
    CHECK(said.starts_with("answers not found: "));
    CHECK(said.find("Mostly GET /list (") != std::string::npos);
    CHECK(said.find("a person decides. Meanwhile it bakes ") != std::string::npos);
    note.times = 1000;
    switchyard::WorkerReport later;
    later.worker = 5;
    later.marks = {{Stage::kRoute, Stage::kGreen, stage.generation, {note}}};
    live->report(later);
    CHECK(summary(*live)["why"].get<std::string>().find("1000") == std::string::npos);
}

TEST_CASE("a success says what was not compared, and on what each step was left") {
    Stage stage;
    const auto live = started(stage);
    stage.by_split(100, [&] { return live->machine().closed(); });
    REQUIRE(live->machine().state() == State::succeeded);
    const auto shown = view(*live);
    CHECK(shown["ended"]["why"].get<std::string>().find(
              ". Not compared: whole answers (blue ended too few of them to know its quantiles), anything at 100 %") !=
          std::string::npos);
    for (const auto& step : shown["steps"]) CHECK(step["left"].get<std::string>().starts_with("evidence: "));
}

TEST_CASE("a check that compares a number holds what it found, and rolls back when it fails so often in a row") {
    Stage stage;
    stage.check_says = R"({"errors": 0.5})";
    auto plan = small_plan();
    plan["analysis"]["checks"] = Stage::Json::parse(
        R"([{"name":"rate","http":"http://127.0.0.1:9/x","json":"/errors","below":1,"every":"1s","failures":2}])");
    const auto live = started(stage, plan);
    stage.pass(2, kBlueGood, kGreenGood);
    CHECK(view(*live)["checks"][0]["last"] == "0.5 is below 1");
    CHECK(view(*live)["checks"][0]["failures"] == 0);
    stage.check_says = R"({})";
    stage.pass(4, kBlueGood, kGreenGood);
    REQUIRE(live->machine().state() == State::rolled_back);
    CHECK(view(*live)["why"] == "check rate failed 2 times in a row: there is nothing at /errors in the answer");
    CHECK(view(*live)["ended"]["by"] == "check rate");
}
