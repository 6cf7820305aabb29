// What an operator's undo may bring back.
#include "control/edits/operator_part.h"

#include <doctest/doctest.h>

#include <functional>

#include "config/parse.h"

using namespace switchyard;
using namespace switchyard::control;

TEST_CASE("an operator may bring back splits, rules and endpoint states, and nothing else") {
    const auto before = *config::parse(std::string_view(R"({
        "upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:1"}]}, "green": {"endpoints": [{"address": "127.0.0.1:2"}]}},
        "routes": [{"name": "app", "split": {"blue": 1, "green": 0},
                    "rules": [{"name": "canary", "when": {"header": "X", "present": true}, "upstream": "green"}]}]})"))
                             .model;
    const auto after = [&](const std::function<void(config::Model&)>& change) {
        auto model = before;
        change(model);
        return edits::operator_part_only(before, model);
    };
    CHECK(after([](auto&) {}).has_value());
    CHECK(after([](auto& m) { m.routes[0].split = {{"green", 1}}; }).has_value());
    CHECK(after([](auto& m) { m.routes[0].rules.clear(); }).has_value());
    CHECK(after([](auto& m) { m.upstreams["blue"].endpoints[0].state = config::EndpointState::drain; }).has_value());
    const auto refused = after([](auto& m) {
        m.routes[0].split = {{"green", 1}};
        m.routes[0].debug_headers = true;
        m.upstreams["blue"].endpoints[0].weight = 7;
    });
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 409);
    CHECK(refused.error().detail.find("weight 1 → 7; route app: debug_headers") != std::string::npos);
    CHECK_FALSE(after([](auto& m) { m.upstreams["green"].endpoints.clear(); }).has_value());
    CHECK_FALSE(after([](auto& m) { m.upstreams.erase("green"); }).has_value());
    CHECK_FALSE(after([](auto& m) { m.routes.clear(); }).has_value());
}
