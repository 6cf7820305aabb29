#include "control/edits/hold.h"

#include <doctest/doctest.h>

#include "config/parse.h"
#include "config/text/moment.h"
#include "control/edits/moves.h"

using namespace switchyard;
using namespace switchyard::control;

namespace {

config::Model with_two_routes() {
    auto parsed = config::parse(R"({
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:9001"}]}},
        "routes": [{"name": "forum", "split": {"blue": 1}},
                   {"name": "old", "match": {"path_prefix": "/old"}, "redirect": {"to": "/new"}}]})");
    REQUIRE(parsed.model);
    return std::move(*parsed.model);
}

config::Hold until(std::int64_t at) {
    config::Hold hold;
    hold.until = config::moment_text(at);
    return hold;
}

}  // namespace

TEST_CASE("a route is held and goes on") {
    const auto before = with_two_routes();
    const auto held = edits::apply(before, {}, edits::SetHold{"forum", until(1'000'000)});
    REQUIRE(held.has_value());
    CHECK(held->routes[0].hold.until == "1970-01-12T13:46:40Z");
    CHECK(edits::moves(before, *held) ==
          std::vector<std::string>{"route forum: all requests wait until 1970-01-12T13:46:40Z"});
    CHECK(edits::first_end_of_holds(*held) == 1'000'000);
    const auto after = edits::apply(*held, {}, edits::Resume{"forum"});
    REQUIRE(after.has_value());
    CHECK(*after == before);
    CHECK_FALSE(edits::apply(before, {}, edits::Resume{"forum"}).has_value());
    CHECK_FALSE(edits::apply(before, {}, edits::SetHold{"nowhere", until(1)}).has_value());
    CHECK_FALSE(edits::apply(before, {}, edits::SetHold{"old", until(1)}).has_value());
}

TEST_CASE("only what is over ends") {
    const auto before = with_two_routes();
    auto held = edits::apply(before, {}, edits::SetHold{"forum", until(1'000)});
    CHECK(edits::end_holds(*held, 999).empty());
    CHECK(held->routes[0].hold.on());
    CHECK(edits::end_holds(*held, 1'000) == std::vector<std::string>{"forum"});
    CHECK(*held == before);
    CHECK_FALSE(edits::first_end_of_holds(before).has_value());
}
