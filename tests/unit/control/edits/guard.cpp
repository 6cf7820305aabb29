// The guard: what a change may not leave without a healthy endpoint, and what it lets pass.
#include "control/edits/guard.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "config/parse.h"
#include "control/edits/endpoint.h"
#include "control/edits/split.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace switchyard::control::edits;

namespace {

config::Model parsed(const std::string& text) {
    auto result = config::parse(std::string_view(text));
    REQUIRE_MESSAGE(result.model.has_value(), (result.errors.empty() ? "" : result.errors[0].detail));
    return std::move(*result.model);
}

const char* kUpstreams = R"("upstreams": {
    "blue": {"endpoints": [{"address": "10.0.0.1:80"}, {"address": "10.0.0.2:80"}]},
    "green": {"endpoints": [{"address": "10.0.0.3:80"}]},
    "beta": {"endpoints": [{"address": "10.0.0.4:80"}]}})";

config::Model model(const std::string& route) {
    return parsed("{" + std::string(kUpstreams) + R"(, "routes": [{"name": "app", )" + route + "}]}");
}

// Both of blue and beta are up; green is down.
Facts facts() {
    Facts out;
    out["blue"].by_address = {{"10.0.0.1:80", {true, false}}, {"10.0.0.2:80", {true, false}}};
    out["green"].by_address = {{"10.0.0.3:80", {false, false}}};
    out["beta"].by_address = {{"10.0.0.4:80", {true, false}}};
    return out;
}

config::Model with_state(config::Model m, const std::string& upstream, std::size_t i, config::EndpointState state) {
    m.upstreams.at(upstream).endpoints[i].state = state;
    return m;
}

config::Model with_split(config::Model m, config::Split split) {
    m.routes[0].split = std::move(split);
    return m;
}

std::string reason(const config::Model& before, const config::Model& after, const Facts& known = facts()) {
    const auto held = guard(before, after, known);
    if (held) return {};
    CHECK(held.error().status == 409);
    CHECK_FALSE(held.error().errors.empty());
    return held.error().detail;
}

bool says(const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a split may not go to an upstream whose endpoints are down, and the refusal names it and why") {
    const auto before = model(R"("split": {"blue": 100, "green": 0})");
    const auto why = reason(before, with_split(before, {{"blue", 0}, {"green", 100}}));
    CHECK(says(why, "route app would be left without a healthy endpoint"));
    CHECK(says(why, "upstream green: 10.0.0.3:80 is down"));
    CHECK(guard(before, with_split(before, {{"blue", 0}, {"green", 100}}), facts()).error().errors[0].pointer ==
          "/routes/0/split");
    // Where blue goes on to serve, the requests that green cannot take are its.
    CHECK(reason(before, with_split(before, {{"blue", 1}, {"green", 99}})).empty());
}

TEST_CASE("drain, maint, removal and weight 0 of the last endpoint are one kind") {
    const auto before = model(R"("split": {"blue": 1})");
    for (const auto state : {config::EndpointState::drain, config::EndpointState::maint}) {
        const auto one = with_state(before, "blue", 0, state);
        CHECK(reason(before, one).empty());
        CHECK(says(reason(one, with_state(one, "blue", 1, state)), "10.0.0.1:80 is in "));
    }
    auto light = before;
    for (auto& endpoint : light.upstreams.at("blue").endpoints) endpoint.weight = 0;
    CHECK(says(reason(before, light), "10.0.0.2:80 has weight 0"));
    auto bare = before;
    bare.upstreams.at("blue").endpoints.clear();
    CHECK(says(reason(before, bare), "upstream blue: has no endpoints"));
}

TEST_CASE("what finds nobody already is no reason, and an ejected or unchecked endpoint is nobody") {
    const auto dead = model(R"("split": {"green": 1})");
    CHECK(reason(dead, with_state(dead, "green", 0, config::EndpointState::maint)).empty());
    const auto before = model(R"("split": {"beta": 1})");
    const auto moved = with_split(before, {{"blue", 1}});
    CHECK(reason(before, moved).empty());
    auto known = facts();
    known["blue"].by_address["10.0.0.1:80"].ejected = known["blue"].by_address["10.0.0.2:80"].ejected = true;
    CHECK(says(reason(before, moved, known), "10.0.0.1:80 is ejected, 10.0.0.2:80 is ejected"));
    auto panicking = moved;
    panicking.upstreams.at("blue").ejection.panic_percent = 50;
    CHECK(reason(before, panicking, known).empty());
    auto fresh = before;
    fresh.upstreams.at("beta").endpoints[0].address = *config::Address::parse("10.0.0.5:80");
    CHECK(says(reason(before, fresh), "10.0.0.5:80 has not been checked yet"));
    fresh.upstreams.at("beta").health.type = config::Health::Type::none;
    CHECK(reason(before, fresh).empty());
    // A name that does not resolve is no endpoint, checked or not.
    known = facts();
    known["blue"].by_address["10.0.0.1:80"].resolved = known["blue"].by_address["10.0.0.2:80"].resolved = false;
    auto unchecked = moved;
    unchecked.upstreams.at("blue").health.type = config::Health::Type::none;
    CHECK(says(reason(before, unchecked, known), "10.0.0.1:80 has no address"));
}

TEST_CASE("without re-routing each arm stands for its share") {
    const auto before = model(R"("split": {"blue": 100, "green": 0}, "reroute": false)");
    CHECK(says(reason(before, with_split(before, {{"blue", 75}, {"green", 25}})), "would lose 25 % of its requests"));
    const auto half = model(R"("split": {"blue": 50, "green": 50}, "reroute": false)");
    CHECK(reason(half, with_state(half, "blue", 0, config::EndpointState::maint)).empty());
    CHECK(reason(half, with_split(half, {{"blue", 60}, {"green", 40}})).empty());
    CHECK_FALSE(reason(half, with_split(half, {{"blue", 40}, {"green", 60}})).empty());
    auto off = model(R"("split": {"blue": 50, "green": 50})");
    const auto on = off;
    off.routes[0].reroute = false;
    CHECK_FALSE(reason(on, off).empty());
}

TEST_CASE("a breaker's fallback serves for its upstream, a rule's for its rule") {
    auto before = model(R"("split": {"blue": 1, "green": 0})");
    before.upstreams.at("green").breaker.fallback = "beta";
    CHECK(reason(before, with_split(before, {{"blue", 0}, {"green", 1}})).empty());
    auto ruled = model(R"("split": {"blue": 1},
        "rules": [{"name": "early", "when": {"path": true, "prefix": "/early"}, "upstream": "beta"}])");
    const auto gone = with_state(ruled, "beta", 0, config::EndpointState::drain);
    CHECK(says(reason(ruled, gone), "rule early of route app would be left without a healthy endpoint"));
    auto backed = gone;
    backed.routes[0].rules[0].fallback = "blue";
    CHECK(reason(ruled, backed).empty());
}

TEST_CASE("a rule into the split is a smoke test: its release may be down, and a new rule may wait for its upstream") {
    const std::string rules =
        R"(, "rules": [{"name": "testers", "when": {"header": "X-Release", "equals": "next"}, "upstream": "beta"}])";
    const auto before = model(R"("split": {"blue": 1, "beta": 0})" + rules);
    CHECK(reason(before, with_state(before, "beta", 0, config::EndpointState::maint)).empty());
    const auto bare = model(R"("split": {"blue": 1})");
    auto ruled = model(R"("split": {"blue": 1})" + rules);
    ruled.routes[0].rules[0].upstream = "green";
    CHECK(reason(bare, ruled).empty());
}

TEST_CASE("a route that goes or answers by itself is somebody's will; the last of all routes is not") {
    auto before = model(R"("split": {"blue": 1})");
    auto answering = before;
    answering.routes[0].split.clear();
    answering.routes[0].respond.status = 503;
    CHECK(reason(before, answering).empty());
    auto two = before;
    two.routes.push_back(before.routes[0]);
    two.routes[1].name = "other";
    CHECK(reason(two, before).empty());
    CHECK(says(reason(two, config::Model{}), "no route would be left (2 now)"));
    CHECK(reason(answering, config::Model{}).empty());
    CHECK(reason(config::Model{}, before).empty());
}

TEST_CASE("several routes are told together") {
    auto before = model(R"("split": {"blue": 1})");
    before.routes.push_back(before.routes[0]);
    before.routes[1].name = "other";
    auto after = before;
    for (auto& endpoint : after.upstreams.at("blue").endpoints) endpoint.state = config::EndpointState::maint;
    const auto held = guard(before, after, facts());
    REQUIRE_FALSE(held.has_value());
    CHECK(held.error().errors.size() == 2);
    CHECK(says(held.error().detail, "and 1 more"));
}

TEST_CASE("whoever is about to get traffic can be asked for alone") {
    const auto m = model(R"("split": {"blue": 1})");
    CHECK(require_served(m, "blue", facts()).has_value());
    CHECK(says(require_served(m, "green", facts()).error().detail,
               "upstream green has no healthy endpoint (10.0.0.3:80 is down)"));
    CHECK_FALSE(require_served(m, "grey", facts()).has_value());
}

TEST_CASE("a rule for @candidate leads into the split: a release that is down there is no reason") {
    const auto before =
        model(R"("rules": [{"name": "testers", "when": {"header": "A", "present": true}, "upstream": "@candidate"}],
                                 "split": {"blue": 1, "green": 1})");
    CHECK(reason(before, with_split(before, {{"blue", 1}, {"green", 0}})).empty());
}

TEST_CASE("discovered endpoints count for the guard as the operator wants them") {
    const auto m = parsed(R"({"upstreams": {"blue": {"endpoints": [], "discover": {"file": {"path": "/a"}}}},
                              "routes": [{"name": "app", "split": {"blue": 1}}]})");
    Facts known;
    CHECK(why_unserved(m, "blue", known) == "has no endpoints: none was discovered yet");
    for (const char* address : {"10.0.0.1:80", "10.0.0.2:80"}) {
        config::Endpoint found;
        found.address = *config::Address::parse(address);
        known["blue"].discovered.push_back(found);
        known["blue"].by_address[address] = {true, false};
    }
    CHECK(why_unserved(m, "blue", known).empty());
    using State = config::EndpointState;
    const auto one = apply(m, known, SetEndpointState{"blue", "10.0.0.1:80", State::drain});
    REQUIRE(one.has_value());
    CHECK(one->upstreams.at("blue").endpoint_overrides.at("10.0.0.1:80").state == State::drain);
    CHECK(guard(m, *one, known).has_value());
    const auto both = apply(*one, known, SetEndpointState{"blue", "10.0.0.2:80", State::maint});
    REQUIRE(both.has_value());
    CHECK_FALSE(guard(*one, *both, known).has_value());
    // It is gone: the override is still there, and can be taken back.
    Facts gone;
    const auto back = apply(*one, gone, SetEndpointState{"blue", "10.0.0.1:80", State::up});
    REQUIRE(back.has_value());
    CHECK(back->upstreams.at("blue").endpoint_overrides.empty());
    CHECK(apply(*one, gone, SetEndpointState{"blue", "10.0.0.3:80", State::drain}).error().status == 404);
    CHECK(apply(m, known, RemoveEndpoint{"blue", "10.0.0.1:80"}).error().status == 409);
    CHECK(*apply(*one, known, RemoveEndpoint{"blue", "10.0.0.1:80"}) == m);
    const auto settings = nlohmann::ordered_json::parse(R"({"weight": 3})");
    const auto weighed = apply(m, known, PutEndpoint{"blue", "10.0.0.1:80", &settings});
    REQUIRE(weighed.has_value());
    CHECK(weighed->upstreams.at("blue").endpoint_overrides.at("10.0.0.1:80").weight == 3U);
    CHECK(weighed->upstreams.at("blue").endpoints.empty());
}
