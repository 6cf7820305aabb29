#include "control/rollout/parse_plan.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "control/rollout/render_plan.h"
#include "tests/unit/control/rollout/plans.h"

using namespace switchyard::control::rollout;
using Json = nlohmann::ordered_json;

namespace {

// The example with one JSON-patch-like change.
Json with(const std::string& pointer, const Json& value) {
    Json plan = Json::parse(kPlanText);
    plan[Json::json_pointer(pointer)] = value;
    return plan;
}

std::string errors_of(const Json& json) {
    std::string out;
    for (const auto& e : parse_plan(json).errors) out += e.pointer + ": " + e.detail + "\n";
    return out;
}

}  // namespace

TEST_CASE("the example of the documentation is read as it says") {
    const Plan plan = example_plan();
    CHECK(plan.route == "forum");
    REQUIRE(plan.steps.size() == 6);
    CHECK(plan.steps[0].kind == Step::Kind::header_only);
    CHECK(plan.steps[0].bake == std::chrono::minutes(1));
    CHECK(plan.steps[1].weight == 10'000);
    CHECK(plan.steps[3].kind == Step::Kind::pause);
    CHECK(plan.steps[5].weight == kWhole);
    CHECK(plan.max_extra_failures == 30);
    CHECK(*plan.slo_p99 == std::chrono::milliseconds(500));
    CHECK(plan.checks.at(0).failures == 3);
    CHECK(plan.webhooks.at(0).on.size() == 3);
    CHECK(plan.planned() == std::chrono::seconds(330));
    CHECK(plan.settings().failure_limit.value() == doctest::Approx(.01));
    CHECK(plan.settings().p99_limit.value() == 500'000);
    CHECK(plan.settings().horizon == doctest::Approx(660));
}

TEST_CASE("what is rendered is read back as the same plan") {
    const Plan plan = example_plan();
    CHECK(parse_plan(render_plan(plan)).plan == plan);
    Json odd = Json::parse(R"({"route":"r","from":"a","to":"b","return_over":"30s","watch":true,
        "steps":[{"weight":0.25,"bake":"0s"},{"pause":{}},{"weight":100,"bake":"500ms"}],
        "analysis":{"errors":null,"answers":{"act":"rollback","false_alarm":0.01},"latency":{"p90":1.3},"duration":{"p99":4,"tail":5},"inconclusive":"promote_if_no_failures","patience":"90s"}})");
    const auto read = parse_plan(odd);
    REQUIRE(read.plan);
    CHECK(read.plan->steps[0].weight == 2500);
    CHECK(read.plan->errors_tolerate == 0.0);
    CHECK(read.plan->answers_roll_back);
    CHECK(read.plan->answers_false_alarm == .01);
    CHECK(read.plan->latency_tolerate == std::array<double, 3>{0.0, 1.3, 0.0});
    CHECK(read.plan->latency_tail == 0.0);
    CHECK(read.plan->duration_tolerate == std::array<double, 3>{0.0, 0.0, 4.0});
    CHECK(read.plan->duration_tail == 5.0);
    CHECK(parse_plan(render_plan(*read.plan)).plan == read.plan);
    CHECK(render_plan(*read.plan) == render_plan(*parse_plan(render_plan(*read.plan)).plan));
}

TEST_CASE("a plan of only what is required gets the defaults of the documentation") {
    const auto read =
        parse_plan(Json::parse(R"({"route":"r","from":"a","to":"b","steps":[{"weight":100,"bake":"1m"}]})"));
    REQUIRE(read.plan);
    CHECK(read.plan->false_alarm == .001);
    CHECK(read.plan->errors_tolerate == 1.5);
    CHECK(read.plan->answers_false_alarm == .001);
    CHECK_FALSE(read.plan->answers_roll_back);
    CHECK(render_plan(*read.plan)["analysis"]["answers"] == Json{{"false_alarm", .001}, {"act", "hold"}});
    CHECK(read.plan->latency_tolerate == std::array<double, 3>{1.2, 1.5, 2.0});
    CHECK(read.plan->duration_tolerate == std::array<double, 3>{1.2, 1.5, 2.0});
    CHECK(read.plan->latency_tail == 3.0);
    CHECK(read.plan->duration_tail == 3.0);
    CHECK(read.plan->inconclusive == Plan::Inconclusive::pause);
}

TEST_CASE("each mistake is named with its place") {
    struct Row {
        const char* pointer;
        Json value;
        const char* place;
        const char* word;
    };
    const Row rows[] = {
        {"/rout", "x", "/rout", "did you mean \"route\""},
        {"/route", 3, "/route", "expected a word"},
        {"/to", "blue", "/to", "another upstream"},
        {"/steps", Json::array(), "/steps", "at least one"},
        {"/steps", "fast", "/steps", "expected a list"},
        {"/steps/1/weight", 0, "/steps/1/weight", "more than 0"},
        {"/steps/1/weight", -1, "/steps/1/weight", "from 0 to 100"},
        {"/steps/1/weight", 101, "/steps/1/weight", "from 0 to 100"},
        {"/steps/1/weight", 0.00001, "/steps/1/weight", "four decimals"},
        {"/steps/1/bake", "soon", "/steps/1/bake", ""},
        {"/steps/1/bake", 30, "/steps/1/bake", "such as \"30s\""},
        {"/steps/1", Json::parse(R"({"weight":1})"), "/steps/1", "\"bake\" is missing"},
        {"/steps/1", Json::parse(R"({"weight":1,"pause":{}})"), "/steps/1", "one of"},
        {"/steps/2/weight", 1, "/steps/2/weight", "more than the weight before"},
        {"/steps/3/pause", "1m", "/steps/3/pause", "expected {}"},
        {"/steps/3", Json::parse(R"({"header_only":"1s"})"), "/steps/3", "take traffic back"},
        {"/steps/5/weight", 50, "/steps/5", "weight 100"},
        {"/analysis/false_alarm", 2, "/analysis/false_alarm", "expected a number"},
        {"/analysis/errors/tolerate", 0.5, "/analysis/errors/tolerate", "from 1"},
        {"/analysis/latency/p95", 1.2, "/analysis/latency/p95", "unknown key"},
        {"/analysis/answers", Json{{"act", "stop"}}, "/analysis/answers/act", "unknown value"},
        {"/analysis/slo/p99", "never", "/analysis/slo/p99", ""},
        {"/analysis/checks/0/http", "ftp://x", "/analysis/checks/0/http", "http://"},
        {"/analysis/checks/0/http", "", "/analysis/checks/0/http", "http://"},
        {"/analysis/checks/0/http", "http://", "/analysis/checks/0/http", "with a host"},
        {"/analysis/checks/0/http", "http://h:99999/", "/analysis/checks/0/http", "port from 1 to 65535"},
        {"/analysis/webhooks/0/url", "http://h/a b", "/analysis/webhooks/0/url", "without spaces"},
        {"/analysis/webhooks/0/url", "http://me@h/", "/analysis/webhooks/0/url", "without a user"},
        {"/analysis/checks/0/failures", 0, "/analysis/checks/0/failures", "from 1"},
        {"/analysis/checks/0/below", 1, "/analysis/checks/0/below", "needs \"json\""},
        {"/analysis/checks/0/json", "/errors", "/analysis/checks/0", "needs \"below\" or \"above\""},
        {"/analysis/checks/0/json", "errors", "/analysis/checks/0/json", "a JSON pointer, such as"},
        {"/analysis/checks/0/prometheus", "http://h/", "/analysis/checks/0", "not both"},
        {"/analysis/checks/0", Json{{"name", "a"}}, "/analysis/checks/0", "needs \"http\", or \"prometheus\""},
        {"/analysis/checks/0", Json{{"name", "a"}, {"prometheus", "http://h/"}, {"below", 1}}, "/analysis/checks/0",
         "the key \"query\" is missing"},
        {"/analysis/checks/0", Json{{"name", "a"}, {"prometheus", "http://h/"}, {"query", ""}, {"below", 1}},
         "/analysis/checks/0/query", "expected a word"},
        {"/analysis/checks/0", Json{{"name", "a"}, {"prometheus", "http://h/?x"}, {"query", "up"}, {"below", 1}},
         "/analysis/checks/0/prometheus", "stands in \"query\""},
        {"/analysis/checks/0", Json{{"name", "a"}, {"prometheus", "ftp://h/"}, {"query", "up"}, {"below", 1}},
         "/analysis/checks/0/prometheus", "http://"},
        {"/analysis/checks/0", Json{{"name", "a"}, {"prometheus", "http://h/"}, {"query", "up"}, {"below", "1"}},
         "/analysis/checks/0/below", "number"},
        {"/analysis/checks/0",
         Json{{"name", "a"}, {"prometheus", "http://h/"}, {"query", "up"}, {"below", 1}, {"above", 1}},
         "/analysis/checks/0/above", "nothing is both"},
        {"/analysis/webhooks/0/on/1", "rolback", "/analysis/webhooks/0/on/1", "did you mean \"rollback\""},
        {"/analysis/inconclusive", "paus", "/analysis/inconclusive", "did you mean \"pause\""},
        {"/watch", 1, "/watch", "true or false"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.pointer);
        const std::string errors = errors_of(with(row.pointer, row.value));
        CAPTURE(errors);
        CHECK(errors.find(std::string(row.place) + ": ") != std::string::npos);
        CHECK(errors.find(row.word) != std::string::npos);
    }
}

TEST_CASE("all mistakes come at once") {
    Json json = Json::parse(kPlanText);
    json.erase("from");
    json["steps"][1]["weight"] = "much";
    json["analysis"]["false_alarm"] = "tiny";
    json["analysis"]["chekcs"] = Json::array();
    const auto result = parse_plan(json);
    CHECK_FALSE(result.plan);
    CHECK(result.errors.size() == 4);
    CHECK(errors_of(Json::array()).find("expected an object") != std::string::npos);
}

TEST_CASE("checks that compare a number are read, rendered and asked as they were meant") {
    Json document = Json::parse(kPlanText);
    document["analysis"]["checks"] = Json::parse(R"json([
        {"name": "rate", "prometheus": "http://127.0.0.1:9090/prom", "query": "sum(rate(errors{job=\"a b\"}[1m]))", "below": 0.01},
        {"name": "lag", "http": "http://127.0.0.1:9002/stats?all", "json": "/lag", "below": 5, "above": -0.5, "every": "1s"}])json");
    const auto plan = parse_plan(document).plan;
    REQUIRE(plan.has_value());
    CHECK(plan->checks[0].asked() ==
          "http://127.0.0.1:9090/prom/api/v1/query?query=sum%28rate%28errors%7Bjob%3D%22a%20b%22%7D%5B1m%5D%29%29");
    CHECK(plan->checks[1].asked() == "http://127.0.0.1:9002/stats?all");
    CHECK(plan->checks[1].kind == HttpCheck::Kind::json);
    CHECK(*plan->checks[1].above == -0.5);
    const Json rendered = render_plan(*plan);
    CHECK(rendered["analysis"]["checks"][0]["query"] == document["analysis"]["checks"][0]["query"]);
    CHECK(parse_plan(rendered).plan == plan);
}
