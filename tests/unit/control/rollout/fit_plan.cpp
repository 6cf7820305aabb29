#include "control/rollout/fit_plan.h"

#include <doctest/doctest.h>

#include "config/model.h"
#include "control/rollout/allowed_url.h"
#include "tests/unit/control/rollout/plans.h"

using namespace switchyard;
using namespace switchyard::control::rollout;

namespace {

config::Model two_colours() {
    config::Model model;
    model.upstreams["blue"];
    model.upstreams["green"];
    model.upstreams["grey"];
    config::Route route;
    route.name = "forum";
    route.split = {{"blue", 100}, {"green", 0}};
    config::Rule rule;
    rule.name = "canary-header";
    rule.upstream = "green";
    route.rules = {rule};
    model.routes = {route};
    return model;
}

std::string places(const Plan& plan, const config::Model& model) {
    std::string out;
    for (const auto& e : fit_plan(plan, model)) out += e.pointer + ";";
    return out;
}

}  // namespace

TEST_CASE("a plan that fits has no errors") {
    CHECK(fit_plan(example_plan(), two_colours()).empty());
}

TEST_CASE("plans ask loopback, the endpoints, and what the configuration lists; nothing else") {
    auto model = two_colours();
    config::Endpoint endpoint;
    endpoint.address = *config::Address::parse("10.0.0.7:9001");
    model.upstreams["blue"].endpoints.push_back(endpoint);
    model.process.admin.rollout_urls = {"http://prometheus:9090/api/", "http://hooks.example", "https://safe.example"};
    const auto may = [&](const char* url) { return allowed_url(url, model); };
    for (const char* url :
         {"http://127.0.0.1/x", "http://[::1]:9/x", "http://localhost:1/", "http://10.0.0.7:9001/ready",
          "http://prometheus:9090/api/v1/query?query=up%7B%7D", "http://prometheus:9090/api",
          "http://hooks.example/any/where", "https://safe.example/hook", "https://127.0.0.1/x"}) {
        CAPTURE(url);
        CHECK(may(url));
    }
    for (const char* url :
         {"http://169.254.169.254/latest/meta-data", "http://10.0.0.7:9002/", "http://10.0.0.8:9001/",
          "http://prometheus:9090/admin", "http://prometheus:9090/apiary", "http://prometheus:9090/api/../x",
          "http://prometheus:9090/api/%2e%2e/x", "http://prometheus/api/", "http://hooks.example:8080/",
          "http://hooks.example.evil/", "https://hooks.example/", "http://safe.example/", "https://safe.example:444/",
          "nonsense"}) {
        CAPTURE(url);
        CHECK_FALSE(may(url));
    }
    Plan plan = example_plan();
    plan.checks = {{"meta", "http://169.254.169.254/latest", Duration{1000}, Duration{1000}, 3}};
    plan.webhooks = {{{"succeeded"}, "http://elsewhere.example/"}};
    CHECK(places(plan, model) == "/analysis/checks/0/http;/analysis/webhooks/0/url;");
    CHECK(fit_plan(plan, model)[0].detail.find("process.admin.rollout_urls") != std::string::npos);
}

TEST_CASE("a query's server is asked only where the configuration says so, and the refusal says what would allow it") {
    auto model = two_colours();
    Plan plan = example_plan();
    HttpCheck check;
    check.name = "rate", check.url = "http://prometheus:9090", check.kind = HttpCheck::Kind::prometheus;
    check.what = "up", check.below = 1.0;
    plan.checks = {check};
    const auto errors = fit_plan(plan, model);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].pointer == "/analysis/checks/0/prometheus");
    CHECK(errors[0].detail.find("\"http://prometheus:9090/\" there would allow it") != std::string::npos);
    model.process.admin.rollout_urls = {"http://prometheus:9090/api"};
    CHECK(fit_plan(plan, model).empty());
    model.process.admin.rollout_urls = {"http://prometheus:9090/other"};
    CHECK(fit_plan(plan, model).size() == 1);
}

TEST_CASE("names that do not exist are reported") {
    Plan plan = example_plan();
    plan.route = "forun";
    plan.to = "grene";
    CHECK(places(plan, two_colours()) == "/to;/route;");
}

TEST_CASE("the old upstream must have the traffic, the new one none, and no third one may share it") {
    auto model = two_colours();
    model.routes[0].split = {{"blue", 95}, {"green", 5}};
    CHECK(places(example_plan(), model) == "/to;");
    model.routes[0].split = {{"blue", 50}, {"grey", 50}};
    CHECK(places(example_plan(), model) == "/from;");
    model.routes[0].split = {{"grey", 100}};
    CHECK(places(example_plan(), model) == "/from;/from;");
    model.routes[0].split = {};
    CHECK(places(example_plan(), model) == "/from;");
}

TEST_CASE("a header step needs a rule that reaches the new upstream") {
    auto model = two_colours();
    CHECK(rules_bypass_split(example_plan(), model));
    model.routes[0].rules.clear();
    CHECK_FALSE(rules_bypass_split(example_plan(), model));
    CHECK(places(example_plan(), model) == "/steps/0;");
}

TEST_CASE("weights become the smallest whole numbers, the old upstream first, and others stay at 0") {
    const Plan plan = example_plan();
    auto model = two_colours();
    model.routes[0].split.emplace_back("grey", 0);
    const auto& route = model.routes[0];
    CHECK(split_at(plan, route, 50'000) == config::Split{{"blue", 19}, {"green", 1}, {"grey", 0}});
    CHECK(split_at(plan, route, 1000) == config::Split{{"blue", 999}, {"green", 1}, {"grey", 0}});
    CHECK(split_at(plan, route, 0) == config::Split{{"blue", 1}, {"green", 0}, {"grey", 0}});
    CHECK(split_at(plan, route, kWhole) == config::Split{{"blue", 0}, {"green", 1}, {"grey", 0}});
    CHECK(split_at(plan, route, 250'000) == config::Split{{"blue", 3}, {"green", 1}, {"grey", 0}});
}

TEST_CASE("a rule for @candidate leads where the rollout leads, in a split of two") {
    auto model = two_colours();
    model.routes[0].rules[0].upstream = "@candidate";
    Plan plan = example_plan();
    plan.from = "blue";
    plan.to = "green";
    plan.steps.insert(plan.steps.begin(), Step{Step::Kind::header_only, 0, Duration(1000)});
    CHECK(places(plan, model).empty());
    CHECK(rules_bypass_split(plan, model));
    plan.to = "grey";
    CHECK(places(plan, model).find("/to;") != std::string::npos);
}
