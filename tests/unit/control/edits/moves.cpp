// Which traffic moves where, in words.
#include "control/edits/moves.h"

#include <doctest/doctest.h>

#include "config/parse.h"

using namespace switchyard;
using control::edits::moves;

namespace {

using Lines = std::vector<std::string>;

config::Model shop(const std::string& route, const std::string& more = "") {
    auto result = config::parse(std::string_view(R"({"upstreams": {
        "blue": {"endpoints": [{"address": "10.0.0.1:80"}, {"address": "10.0.0.2:80"}]},
        "green": {"endpoints": [{"address": "10.0.0.3:80"}]}, "red": {"endpoints": [{"address": "10.0.0.4:80"}]}},
        "routes": [{"name": "app", )" + route + "}" +
                                                 more + "]}"));
    REQUIRE_MESSAGE(result.model.has_value(), (result.errors.empty() ? "" : result.errors[0].detail));
    return std::move(*result.model);
}

}  // namespace

TEST_CASE("a split that changes says how much goes from whom to whom") {
    const auto blue = shop(R"("split": {"blue": 100, "green": 0})");
    CHECK(moves(blue, shop(R"("split": {"blue": 0, "green": 7})")) ==
          Lines{"route app: all traffic moves from blue to green"});
    CHECK(moves(blue, shop(R"("split": {"blue": 95, "green": 5})")) ==
          Lines{"route app: 5 % of the traffic moves from blue (100 % → 95 %) to green (0 % → 5 %)"});
    CHECK(
        moves(shop(R"("split": {"blue": 50, "green": 30, "red": 20})"), shop(R"("split": {"blue": 1})")) ==
        Lines{"route app: 50 % of the traffic moves from green (30 % → 0 %), red (20 % → 0 %) to blue (50 % → 100 %)"});
    CHECK(moves(blue, shop(R"("split": {"blue": 3, "green": 0})")).empty());
    CHECK(moves(blue, blue).empty());
}

TEST_CASE("rules, routes and endpoints are told as well, and what moves nothing is not") {
    const auto plain = shop(R"("split": {"blue": 1})");
    const std::string rule = R"("split": {"blue": 1},
        "rules": [{"name": "early", "when": {"path": true, "prefix": "/early"}, "upstream": "UP"}])";
    const auto to = [&](std::string up) { return shop(std::string(rule).replace(rule.find("UP"), 2, up)); };
    CHECK(moves(plain, to("green")) == Lines{"route app: what rule early takes goes to green"});
    CHECK(moves(to("green"), to("red")) == Lines{"route app: what rule early takes moves from green to red"});
    CHECK(moves(to("red"), plain) == Lines{"route app: what rule early sent to red goes on past it"});
    CHECK(moves(plain, shop(R"("respond": {"status": 503})")) ==
          Lines{"route app: all traffic moves from blue to its own answer 503"});
    CHECK(
        moves(plain, shop(R"("split": {"blue": 1}, "rules": [{"name": "no", "when": {"path": "/x"}, "deny": 451}])")) ==
        Lines{"route app: what rule no takes goes to its own answer 451"});
    const auto two =
        shop(R"("split": {"blue": 1})", R"(, {"name": "api", "match": {"path_prefix": "/api"}, "split": {"red": 1}})");
    CHECK(moves(plain, two) == Lines{"route api is new: what it takes goes to red"});
    CHECK(moves(two, plain) == Lines{"route api is gone: what it sent to red goes to another route that matches, or is "
                                     "answered 404"});
    auto drained = plain;
    drained.upstreams.at("blue").endpoints[0].state = config::EndpointState::drain;
    CHECK(moves(plain, drained) == Lines{"upstream blue: new requests leave 10.0.0.1:80 for its other endpoints"});
    CHECK(moves(drained, plain) ==
          Lines{"upstream blue: 10.0.0.1:80 takes its part of the requests once it is healthy"});
    auto alone = plain;
    alone.upstreams.at("red").endpoints.clear();
    CHECK(moves(plain, alone) ==
          Lines{"upstream red: new requests leave 10.0.0.4:80 for nobody: it has no other endpoint"});
    auto slower = plain;
    slower.routes[0].timeouts.request = std::chrono::seconds(9);
    CHECK(moves(plain, slower).empty());
}
