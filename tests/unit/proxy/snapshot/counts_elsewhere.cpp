// A limit that two processes share.
#include "proxy/snapshot/counts_elsewhere.h"

#include <doctest/doctest.h>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/snapshot.h"

using namespace switchyard;

namespace {

std::shared_ptr<const Snapshot> limited(Registry& registry) {
    auto parsed = config::parse(R"({
        "listeners": [{"name": "web", "bind": "127.0.0.1:0", "max_connections": 9}],
        "routes": [{"name": "app", "split": {"blue": 1}, "limits": {"in_flight": 4}}],
        "upstreams": {"blue": {"queue_limit": 3, "endpoints": [
            {"address": "127.0.0.1:7001", "max_connections": 2}, {"address": "127.0.0.1:7002"}]}}})");
    REQUIRE(parsed.model);
    auto compiled = compile(std::make_shared<const config::Model>(*parsed.model), 1, registry);
    REQUIRE(compiled.errors.empty());
    return compiled.snapshot;
}

}  // namespace

TEST_CASE("what others have in flight counts against the limits, and is not told on as one's own") {
    Registry registry(1);
    const auto snapshot = limited(registry);
    CountsElsewhere elsewhere(registry);
    auto& first = *registry.endpoint("blue", "127.0.0.1:7001");
    auto& second = *registry.endpoint("blue", "127.0.0.1:7002");
    auto& route = *registry.route_count("app");
    CHECK(elsewhere.own(*snapshot, false) == InFlightShare{});

    first.in_flight += 1, second.in_flight += 1, route.value += 2;
    InFlightShare own;
    own.endpoints[{"blue", "127.0.0.1:7001"}] = 1;  // the other one has no limit
    own.routes["app"] = 2;
    CHECK(elsewhere.own(*snapshot, false) == own);

    auto everywhere = own;
    everywhere.endpoints[{"blue", "127.0.0.1:7002"}] = 1;
    CHECK(elsewhere.own(*snapshot, true) == everywhere);

    InFlightShare others;
    others.endpoints[{"blue", "127.0.0.1:7001"}] = 5;
    others.routes["app"] = 1;
    others.listeners["web"] = 7;
    others.waiting["blue"] = 2;
    elsewhere.tell(others);
    CHECK(first.in_flight == 6);
    CHECK(second.in_flight == 1);
    CHECK(route.value == 3);
    CHECK(registry.listener_count("web")->value == 7);
    CHECK(registry.waiting_count("blue")->value == 2);
    CHECK(elsewhere.own(*snapshot, false) == own);

    SUBCASE("fewer, and meanwhile one's own have changed") {
        first.in_flight -= 1;
        route.value += 1;
        others.endpoints.begin()->second = 2;
        others.routes.clear();
        elsewhere.tell(others);
        CHECK(first.in_flight == 2);
        CHECK(route.value == 3);
        own = {};
        own.routes["app"] = 3;
        CHECK(elsewhere.own(*snapshot, false) == own);
    }
    SUBCASE("none any more") {
        elsewhere.tell({});
        CHECK(first.in_flight == 1);
        CHECK(route.value == 2);
        CHECK(registry.listener_count("web")->value == 0);
        CHECK(registry.waiting_count("blue")->value == 0);
    }
    SUBCASE("what this process does not know is held while it is told of, and no longer") {
        others.endpoints[{"gone", "127.0.0.1:1"}] = 1;
        elsewhere.tell(others);
        CHECK(registry.release(NameIds::Time{}).endpoints.empty());
        elsewhere.tell({});
        CHECK(registry.release(NameIds::Time{}).endpoints.size() == 1);
    }
}
