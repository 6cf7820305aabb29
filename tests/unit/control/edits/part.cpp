// One route, one rule, one upstream at a time, as pure edits.
#include "control/edits/part.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "config/check/validate.h"
#include "config/parse.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace switchyard::control::edits;
using Json = nlohmann::ordered_json;

namespace {

config::Model two_rules() {
    auto parsed = config::parse(std::string_view(R"({
        "upstreams": {"blue": {"endpoints": [{"address": "10.0.0.1:80"}]}, "green": {"endpoints": []}},
        "routes": [{"name": "app", "split": {"blue": 1}, "jwt": {"algorithm": "HS256", "key": "hunter2"}, "rules": [
            {"name": "a", "when": {"path": "/a"}, "upstream": "green"},
            {"name": "b", "when": {"path": "/b"}, "upstream": "green"}]}]})"));
    REQUIRE(parsed.model);
    return std::move(*parsed.model);
}

std::vector<std::string> rules_of(const config::Model& model) {
    std::vector<std::string> out;
    for (const auto& rule : model.routes[0].rules) out.push_back(rule.name);
    return out;
}

using Names = std::vector<std::string>;
const Part kRuleC{PartKind::rule, "app", "c"};

Json rule(Json more = Json::object()) {
    Json out = {{"when", {{"path", "/c"}}}, {"upstream", "green"}};
    out.update(more);
    return out;
}

}  // namespace

TEST_CASE("a new rule stands behind the others, or before one that is named; a known one keeps its place") {
    const auto model = two_rules();
    CHECK(rules_of(*put(model, kRuleC, rule())) == Names{"a", "b", "c"});
    CHECK(rules_of(*put(model, kRuleC, rule({{"before", "b"}}))) == Names{"a", "c", "b"});
    const auto again = put(model, {PartKind::rule, "app", "a"}, rule());
    CHECK(rules_of(*again) == Names{"a", "b"});
    CHECK(again->routes[0].rules[0].when.values == Names{"/c"});
    CHECK(rules_of(*remove(model, {PartKind::rule, "app", "a"})) == Names{"b"});
}

TEST_CASE("a route and an upstream are put as a whole and taken away") {
    const auto model = two_rules();
    const auto route = put(model, {PartKind::route, {}, "shop"},
                           {{"match", {{"hosts", Json::array({"shop.example"})}}}, {"split", {{"green", 1}}}});
    REQUIRE(route.has_value());
    REQUIRE(route->routes.size() == 2);
    CHECK(route->routes[1].name == "shop");
    CHECK(*remove(*route, {PartKind::route, {}, "shop"}) == model);
    const auto replaced = put(model, {PartKind::route, {}, "app"}, {{"split", {{"green", 1}}}});
    CHECK(replaced->routes[0].rules.empty());
    const auto upstream = put(model, {PartKind::upstream, {}, "v42"}, {{"endpoints", Json::array()}});
    REQUIRE(upstream.has_value());
    CHECK(upstream->upstreams.contains("v42"));
    CHECK(*remove(*upstream, {PartKind::upstream, {}, "v42"}) == model);
}

TEST_CASE("a secret that comes back hidden is the one in force; the rest of the model is untouched") {
    const auto model = two_rules();
    const auto route = put(model, {PartKind::route, {}, "app"},
                           {{"split", {{"green", 1}}}, {"jwt", {{"algorithm", "HS256"}, {"key", "…"}}}});
    REQUIRE(route.has_value());
    CHECK(route->routes[0].jwt.key == "hunter2");
    CHECK(route->upstreams == model.upstreams);
}

TEST_CASE("what is wrong is told with its place, what is not there with what is") {
    const auto model = two_rules();
    const auto refused = [](const Result<config::Model>& result) {
        REQUIRE_FALSE(result.has_value());
        const auto& problem = result.error();
        return problem.errors.empty() ? problem.detail : problem.errors[0].pointer + ": " + problem.errors[0].detail;
    };
    CHECK(refused(put(model, kRuleC, rule({{"before", "z"}}))).find("no rule \"z\" to stand before") !=
          std::string::npos);
    CHECK(refused(put(model, kRuleC, rule({{"before", 7}}))).starts_with("/before: "));
    CHECK(refused(put(model, kRuleC, rule({{"upstreem", "green"}}))).starts_with("/routes/0/rules/2/upstreem: "));
    CHECK(refused(put(model, kRuleC, rule({{"name", "d"}}))) == "/name: is not c, which this is about");
    CHECK(refused(put(model, {PartKind::rule, "nowhere", "c"}, rule())).find("app") != std::string::npos);
    CHECK(refused(put(model, kRuleC, Json::array())).find("must be a JSON object") != std::string::npos);
    CHECK(refused(remove(model, kRuleC)).find("known here: a, b") != std::string::npos);
    CHECK(refused(remove(*remove(*remove(model, {PartKind::rule, "app", "a"}), {PartKind::rule, "app", "b"}), kRuleC))
              .ends_with("it has none"));
    CHECK(refused(remove(model, {PartKind::upstream, {}, "v42"})).find("blue") != std::string::npos);
    CHECK(refused(remove(model, {PartKind::route, {}, "shop"})).find("app") != std::string::npos);
    // That something still names it is for validate(), which every change passes.
    const auto without = remove(model, {PartKind::upstream, {}, "green"});
    REQUIRE(without.has_value());
    CHECK(config::validate(*without).size() == 2);
}
