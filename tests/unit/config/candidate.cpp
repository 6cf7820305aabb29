// "@candidate": whom it means, what is remembered of it, where it is refused.
#include "config/model/candidate.h"

#include <doctest/doctest.h>

#include "config/check/diff.h"
#include "config/fields/render.h"
#include "config/merge/merge.h"
#include "config/parse.h"

using namespace switchyard::config;

namespace {

Route route_of(Split split, std::string candidate = {}) {
    Route route;
    route.name = "app";
    route.split = std::move(split);
    route.candidate = std::move(candidate);
    return route;
}

std::string meant(const Route& route) {
    const auto* name = candidate_of(route);
    return name == nullptr ? "nobody" : *name;
}

Model with(Split split, std::string candidate = {}) {
    Model model;
    model.upstreams["blue"];
    model.upstreams["green"];
    model.upstreams["red"];
    model.routes = {route_of(std::move(split), std::move(candidate))};
    return model;
}

// What is remembered after a change from one to the other.
std::string kept(const Model& before, Model after) {
    keep_candidates(before, after);
    return after.routes[0].candidate;
}

std::string document(const std::string& split, const std::string& more = R"("upstream": "@candidate")") {
    return R"({"upstreams": {"blue": {"endpoints": []}, "green": {"endpoints": []}, "red": {"endpoints": []}},
        "routes": [{"name": "app", "split": )" +
           split + R"(, "rules": [{"name": "testers", "when": {"header": "X-Release", "present": true}, )" + more +
           "}]}]}";
}

std::string refused(const std::string& text) {
    const auto result = parse(std::string_view(text));
    return result.errors.empty() ? "" : result.errors[0].pointer + ": " + result.errors[0].detail;
}

}  // namespace

TEST_CASE("the candidate is the one of two that gets less") {
    CHECK(meant(route_of({{"blue", 100}, {"green", 0}})) == "green");
    CHECK(meant(route_of({{"blue", 0}, {"green", 1}})) == "blue");
    CHECK(meant(route_of({{"blue", 51}, {"green", 49}}, "blue")) == "green");
    CHECK(meant(route_of({{"blue", 5}, {"green", 5}})) == "green");
    CHECK(meant(route_of({{"blue", 5}, {"green", 5}}, "blue")) == "blue");
    CHECK(meant(route_of({{"blue", 5}, {"green", 5}}, "green")) == "green");
    CHECK(meant(route_of({{"blue", 5}})) == "nobody");
    CHECK(meant(route_of({{"blue", 5}, {"green", 0}, {"red", 0}})) == "nobody");
    CHECK(meant(route_of({})) == "nobody");
}

TEST_CASE("a rule's own word means the candidate, a name means itself") {
    const auto route = route_of({{"blue", 1}, {"green", 0}});
    Rule rule;
    rule.upstream = "@candidate";
    CHECK(upstream_of(route, rule) == "green");
    rule.upstream = "red";
    CHECK(upstream_of(route, rule) == "red");
    rule.upstream.clear();
    CHECK(upstream_of(route, rule).empty());
}

TEST_CASE("who had less is remembered while the weights are equal, and only then") {
    CHECK(kept(with({{"blue", 90}, {"green", 10}}), with({{"blue", 50}, {"green", 50}})) == "green");
    CHECK(kept(with({{"blue", 10}, {"green", 90}}), with({{"blue", 50}, {"green", 50}})) == "blue");
    CHECK(kept(with({{"green", 90}, {"blue", 10}}), with({{"blue", 1}, {"green", 1}})) == "blue");
    // Equal it stays, in other numbers.
    CHECK(kept(with({{"blue", 1}, {"green", 1}}, "blue"), with({{"blue", 50}, {"green", 50}})) == "blue");
    CHECK(kept(with({{"blue", 1}, {"green", 1}}), with({{"blue", 50}, {"green", 50}})).empty());
    // Not equal any more.
    CHECK(kept(with({{"blue", 1}, {"green", 1}}, "blue"), with({{"blue", 2}, {"green", 1}}, "blue")).empty());
    // What is said counts; what is only left over does not.
    CHECK(kept(with({{"blue", 90}, {"green", 10}}), with({{"blue", 1}, {"green", 1}}, "blue")) == "blue");
    CHECK(kept(with({{"blue", 90}, {"green", 10}}, "blue"), with({{"blue", 1}, {"green", 1}}, "blue")) == "green");
    // It is untouched.
    CHECK(kept(with({{"blue", 2}, {"green", 1}}, "blue"), with({{"blue", 2}, {"green", 1}}, "blue")) == "blue");
    // Other upstreams, or not two.
    CHECK(kept(with({{"blue", 90}, {"red", 10}}), with({{"blue", 1}, {"green", 1}})).empty());
    CHECK(kept(with({{"blue", 1}}), with({{"blue", 1}, {"green", 1}})).empty());
    CHECK(
        kept(with({{"blue", 1}, {"green", 1}}, "blue"), with({{"blue", 1}, {"green", 1}, {"red", 0}}, "blue")).empty());
}

TEST_CASE("check refuses it where there are not two, and says what to do") {
    CHECK(refused(document(R"({"blue": 1, "green": 0})")).empty());
    CHECK(
        refused(document(R"({"blue": 1})"))
            .starts_with(
                R"(/routes/0/rules/0/upstream: "@candidate" is the upstream of a split between two that gets less; the split of )"
                R"(route app has 1: name both)"));
    CHECK(refused(document(R"({"blue": 1, "green": 0, "red": 0})")).find("has 3") != std::string::npos);
    CHECK(refused(document(R"({"blue": 1, "green": 0})", R"("upstream": "red", "fallback": "@candidate")")) ==
          "/routes/0/rules/0/fallback: only \"upstream\" may be @candidate: name who stands in");
    CHECK(refused(document(R"({"blue": 1, "green": 0})", R"("upstream": "@canary")")).find("no upstream is named") !=
          std::string::npos);
    CHECK(refused(document(R"({"blue": 1, "green": 1}, "candidate": "red")")) ==
          "/routes/0/candidate: \"red\" is none of the two upstreams of a split between two");
    CHECK(refused(document(R"({"blue": 1, "green": 1}, "candidate": "blue")")).empty());
}

TEST_CASE("it is written and read, and a split's line says it as well") {
    const auto before = with({{"blue", 90}, {"green", 10}}), after = with({{"blue", 50}, {"green", 50}}, "green");
    CHECK(parse(std::string_view(render_text(after))).model == after);
    CHECK(diff(before, after).size() == 1);
    CHECK(diff(after, with({{"blue", 50}, {"green", 50}}, "blue")) ==
          std::vector<std::string>{"route app: candidate green → blue"});
}

TEST_CASE("a file that is read again knows nothing of it, and takes nothing away") {
    const auto base = with({{"blue", 100}, {"green", 0}});
    const auto state = with({{"blue", 50}, {"green", 50}}, "green");
    auto file = base;
    file.routes[0].debug_headers = true;
    file.routes[0].rules.push_back({"testers", {}, "@candidate", "", {}});
    const auto merged = merge(base, file, state, {});
    REQUIRE(merged.model);
    CHECK(merged.model->routes[0].candidate == "green");
    CHECK(merged.model->routes[0].debug_headers);
}
