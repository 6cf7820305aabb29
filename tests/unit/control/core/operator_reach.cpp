// What an operator's change may reach, whichever way it comes in: undo, a list of changes, a single call.
#include "control/core/operator_reach.h"

#include <doctest/doctest.h>

#include "config/parse.h"
#include "tests/unit/control/core/bench.h"

using namespace bench;

namespace {

config::Model model(const std::string& text) {
    auto result = config::parse(text);
    for (const auto& error : result.errors) FAIL_CHECK(error.pointer << ": " << error.detail);
    return result.model.value_or(config::Model{});
}

// Two upstreams, one route with these members.
config::Model routed(const std::string& route, const std::string& blue = R"({"address":"127.0.0.1:1"})") {
    return model(R"({"upstreams":{"blue":{"endpoints":[)" + blue +
                 R"(]},"green":{"endpoints":[]}},"routes":[{"name":"a",)" + route + "}]}");
}

bool may(const config::Model& before, const config::Model& after) {
    return beyond_operator(before, after).empty();
}

const std::string kDeny = R"({"name":"deny","when":{"path":"/x"},"respond":{"status":403}})";
const std::string kTo = R"({"name":"to","when":{"path":"/x"},"upstream":"green"})";

}  // namespace

TEST_CASE("an operator moves traffic between what there is") {
    const auto one = routed(R"("split":{"blue":1,"green":0})");
    CHECK(may(one, routed(R"("split":{"blue":1,"green":3})")));
    CHECK(may(one, routed(R"("split":{"green":3})")));
    CHECK(may(one, routed(R"("split":{"blue":1,"green":0})", R"({"address":"127.0.0.1:1","state":"drain"})")));
    CHECK(may(one, routed(R"("split":{"blue":1,"green":0},"rules":[)" + kTo + "]")));
    CHECK_FALSE(may(one, routed(R"("split":{"blue":1,"green":0})", R"({"address":"127.0.0.1:2"})")));
    CHECK_FALSE(may(one, routed(R"("split":{"blue":1,"green":0})", R"({"address":"127.0.0.1:1","weight":2})")));
    CHECK_FALSE(may(one, routed(R"("split":{"blue":1,"green":0},"debug_headers":true)")));
    CHECK_FALSE(may(one, routed(R"("respond":{"status":200})")));
    CHECK(beyond_operator(one, routed(R"("split":{"green":1},"debug_headers":true)")) ==
          std::vector<std::string>{"route a: debug_headers false → true"});
}

TEST_CASE("what a rule or a route keeps closed, an operator does not open") {
    const auto guarded = routed(R"("split":{"blue":1},"rules":[)" + kDeny + "]");
    CHECK(may(guarded, routed(R"("split":{"blue":1},"rules":[)" + kDeny + "," + kTo + "]")));
    CHECK_FALSE(may(guarded, routed(R"("split":{"blue":1},"rules":[)" + kTo + "," + kDeny + "]")));
    CHECK_FALSE(may(guarded, routed(R"("split":{"blue":1})")));
    CHECK_FALSE(may(routed(R"("split":{"blue":1})"), guarded));
    const auto shut = routed(R"("respond":{"status":403})");
    CHECK_FALSE(may(shut, routed(R"("respond":{"status":403},"rules":[)" + kTo + "]")));
}

TEST_CASE("an operator's undo goes only where an operator could go") {
    Bench b;
    Change wider;
    wider.verb = "config";
    wider.edit = [](const config::Model& m, const Facts&) -> Result<config::Model> {
        auto next = m;
        next.routes[0].debug_headers = true;
        return next;
    };
    REQUIRE(b.change(wider).has_value());               // generation 2, by an admin
    REQUIRE(b.change(switch_to("green")).has_value());  // generation 3
    const auto undo = [&](std::uint64_t to, config::Role role) {
        Change change;
        change.verb = "undo";
        change.role = role;
        change.dry_run = true;
        std::optional<Answer> answer;
        b.controller->undo(to, change, [&](Answer a) { answer.emplace(std::move(a)); });
        b.until([&] { return answer.has_value(); });
        return *answer;
    };
    CHECK(undo(2, config::Role::operate).has_value());
    const auto refused = undo(1, config::Role::operate);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 403);
    CHECK(refused.error().detail.find("debug_headers") != std::string::npos);
    CHECK(undo(1, config::Role::admin).has_value());
}

TEST_CASE("an operator sets the state of discovered endpoints, not their weight, and not what is discovered") {
    const auto with = [](const std::string& overrides, const std::string& path = "/a") {
        auto result =
            config::parse(std::string_view(R"({"upstreams":{"green":{"endpoints":[],"discover":{"file":{"path":")" +
                                           path + R"("}},"endpoint_overrides":)" + overrides + "}}}"));
        REQUIRE(result.model);
        return std::move(*result.model);
    };
    const auto none = with("{}");
    const auto drained = with(R"({"10.0.0.1:80":{"state":"drain"}})");
    CHECK(beyond_operator(none, drained).empty());
    CHECK(beyond_operator(drained, none).empty());
    CHECK_FALSE(beyond_operator(none, with(R"({"10.0.0.1:80":{"weight":2}})")).empty());
    CHECK_FALSE(beyond_operator(drained, with("{}", "/b")).empty());
}
