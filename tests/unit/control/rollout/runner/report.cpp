// What people and Prometheus are shown.
#include <algorithm>

#include "control/rollout/runner/report_page.h"
#include "control/rollout/runner/rollout_metrics.h"
#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;

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
