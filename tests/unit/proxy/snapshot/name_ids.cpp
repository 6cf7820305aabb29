// Names come and go with every release: their ids are used again, and nothing adds up.
#include "proxy/snapshot/name_ids.h"

#include <doctest/doctest.h>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/snapshot.h"

using namespace switchyard;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

std::shared_ptr<const Snapshot> compiled(Registry& registry, const std::string& release, std::uint64_t generation) {
    const std::string text = R"({"upstreams": {"forum-)" + release +
                             R"(": {"endpoints": [{"address": "127.0.0.1:9001"}]}},
        "routes": [{"name": "route-)" +
                             release + R"(", "split": {"forum-)" + release + R"(": 1}}]})";
    auto parsed = config::parse(std::string_view(text));
    REQUIRE(parsed.model.has_value());
    auto result = compile(std::make_shared<const config::Model>(std::move(*parsed.model)), generation, registry);
    REQUIRE(result.errors.empty());
    return result.snapshot;
}

}  // namespace

TEST_CASE("a name keeps its id while it is held and for a grace, then the id is given again") {
    NameIds ids;
    const NameIds::Time begin{};
    const auto a = ids.id("a");
    CHECK(a == 1);
    const auto held = [](const std::string& name) { return name == "b"; };
    CHECK(ids.release(held, begin).empty());
    CHECK(ids.release(held, begin + NameIds::kGrace - seconds(1)).empty());
    CHECK(ids.id("a") == a);
    SUBCASE("it came back meanwhile: the grace begins anew") {
        CHECK(ids.release([](const std::string&) { return true; }, begin + minutes(9)).empty());
        CHECK(ids.release(held, begin + NameIds::kGrace).empty());
        CHECK(ids.release(held, begin + 2 * NameIds::kGrace).size() == 1);
    }
    SUBCASE("it did not") {
        const auto b = ids.id("b");
        const auto gone = ids.release(held, begin + NameIds::kGrace);
        REQUIRE(gone.size() == 1);
        CHECK(gone[0] == std::pair<std::uint32_t, std::string>(a, "a"));
        CHECK(ids.name(a).empty());
        CHECK(ids.id("c") == a);
        CHECK(ids.id("b") == b);
        CHECK(ids.name(a) == "c");
    }
}

TEST_CASE("ten thousand generations with ever new names: the registry holds those of a grace") {
    Registry registry(2);
    NameIds::Time now{};
    std::shared_ptr<const Snapshot> in_force;
    std::uint32_t highest = 0;
    std::uint64_t gone_routes = 0, gone_upstreams = 0, gone_endpoints = 0;
    for (std::uint64_t g = 1; g <= 10'000; ++g) {
        in_force = compiled(registry, std::to_string(g), g);
        highest = std::max({highest, in_force->upstreams[0]->id, registry.route("route-" + std::to_string(g))});
        now += seconds(10);
        const auto gone = registry.release(now);
        gone_routes += gone.routes.size();
        gone_upstreams += gone.upstreams.size();
        gone_endpoints += gone.endpoints.size();
    }
    // Sixty come and go within the grace.
    CHECK(highest <= 64);
    CHECK(gone_routes >= 9'900);
    CHECK(gone_upstreams >= 9'900);
    CHECK(gone_endpoints == 9'999);
}

TEST_CASE("a name that an old generation holds keeps its id, however long a tunnel keeps that generation") {
    Registry registry(2);
    NameIds::Time now{};
    auto old = compiled(registry, "1", 1);
    const auto id = old->upstreams[0]->id;
    const auto in_force = compiled(registry, "2", 2);
    for (int i = 0; i < 5; ++i) CHECK(registry.release(now += NameIds::kGrace).upstreams.empty());
    CHECK(registry.upstream_name(id) == "forum-1");
    old.reset();
    CHECK(registry.release(now += seconds(1)).upstreams.empty());
    CHECK(registry.release(now += NameIds::kGrace).upstreams.size() == 1);
}
