// Who serves in place of an upstream without endpoints: by the weights of the others, always the same for the same key.
#include "proxy/snapshot/stand_in.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"
#include "tests/unit/proxy/route/facts.h"

using namespace switchyard;
using route::Decision;

namespace {

constexpr int kAsked = 30'000;

// Every upstream has one endpoint, with one place, and is up.
struct Yard {
    Registry registry{1};
    std::shared_ptr<const Snapshot> snapshot;
    std::set<std::string> resting;
    Facts asked{""};

    explicit Yard(const std::string& route, const std::string& dead_extra = {}) {
        std::string upstreams;
        for (const char* name : {"blue", "dead", "green", "red"})
            upstreams += std::string(upstreams.empty() ? "" : ", ") + '"' + name +
                         R"(": {"endpoints": [{"address": "127.0.0.1:1", "max_connections": 1}])" +
                         (std::string(name) == "dead" ? dead_extra : "") + "}";
        auto parsed =
            config::parse(R"({"upstreams": {)" + upstreams + R"(}, "routes": [{"name": "all", )" + route + "}]}");
        REQUIRE_MESSAGE(parsed.model.has_value(), (parsed.errors.empty() ? "" : parsed.errors[0].detail));
        auto compiled = compile(std::make_shared<const config::Model>(std::move(*parsed.model)), 1, registry);
        REQUIRE(compiled.errors.empty());
        snapshot = std::move(compiled.snapshot);
        for (const char* name : {"blue", "green", "red"}) state(name).set(upstream::EndpointState::up, true);
    }
    const upstream::Upstream& named(const std::string& name) const {
        for (const auto& upstream : snapshot->upstreams)
            if (upstream->name == name) return *upstream;
        FAIL("no such upstream");
        std::abort();
    }
    upstream::EndpointState& state(const std::string& name) { return *named(name).endpoints[0].state; }
    const route::Route& route() const { return *snapshot->routes.find("a.example", "/", "GET", nullptr); }
    Decision decided(std::uint64_t position) const {
        Decision out;
        out.by = Decision::By::position;
        out.turn.position = position;
        out.upstream = named("dead").index;
        return out;
    }
    Decision hashed(std::uint32_t hash) const {
        auto out = decided(0);
        out.by = Decision::By::sticky;
        out.has_hash = true;
        out.hash = hash;
        return out;
    }
    std::string instead(const Decision& decision) const {
        const auto found = stand_in(*snapshot, route(), decision, asked.facts, named("dead"), false,
                                    [this](const auto& upstream) { return resting.count(upstream.name) > 0; });
        return found < 0 ? "" : snapshot->upstreams[static_cast<std::size_t>(found)]->name;
    }
    // How many of those that a split of 10 to 3 to 1 to 0 gives to the first are given to each of the others.
    std::map<std::string, int> spread_by(const std::function<Decision(std::uint32_t)>& decision) const {
        std::map<std::string, int> out;
        for (std::uint32_t i = 0; i < kAsked; ++i) ++out[instead(decision(i))];
        return out;
    }
};

const char* kSplit = R"("split": {"dead": 10, "blue": 3, "green": 1, "red": 0})";

}  // namespace

TEST_CASE("the others get its requests by their weights, whatever had led to it") {
    const Yard yard(kSplit);
    for (const auto& shares : {yard.spread_by([&](std::uint32_t i) { return yard.decided(2 * i); }),
                               yard.spread_by([&](std::uint32_t i) { return yard.hashed(i * 100'000); })}) {
        // Three standard deviations of a fair draw are 225.
        CHECK(std::abs(shares.at("blue") - kAsked * 3 / 4) < 300);
        CHECK(shares.at("blue") + shares.at("green") == kAsked);
    }
    CHECK(yard.instead(yard.hashed(77)) == yard.instead(yard.hashed(77)));
}

TEST_CASE("who is down, resting or full is passed over, the full ones only for others") {
    Yard yard(kSplit);
    yard.state("blue").in_flight = 1;
    for (std::uint32_t i = 0; i < 100; ++i) CHECK(yard.instead(yard.decided(i)) == "green");
    yard.state("green").in_flight = 1;
    CHECK(yard.spread_by([&](std::uint32_t i) { return yard.decided(i); }).size() == 2);
    yard.resting = {"blue"};
    for (std::uint32_t i = 0; i < 100; ++i) CHECK(yard.instead(yard.decided(i)) == "green");
    yard.state("green").set(upstream::EndpointState::up, false);
    CHECK(yard.instead(yard.decided(1)).empty());
}

TEST_CASE("its own fallback comes first, and nobody where the route does not re-route") {
    Yard yard(kSplit, R"(, "breaker": {"fallback": "red"})");
    CHECK(yard.instead(yard.decided(1)) == "red");
    yard.state("red").set(upstream::EndpointState::up, false);
    CHECK_FALSE(yard.instead(yard.decided(1)).empty());
    const Yard off(std::string(kSplit) + R"(, "reroute": false)", R"(, "breaker": {"fallback": "red"})");
    CHECK(off.instead(off.decided(1)).empty());
}

TEST_CASE("a rule's requests go to its own fallback or to nobody") {
    const auto ruled = [](const std::string& fallback) {
        return std::string(kSplit) + R"(, "rules": [{"name": "testers", "when": {"path": "/"}, "upstream": "dead")" +
               fallback + "}]";
    };
    for (const std::string fallback : {"", R"(, "fallback": "green")"}) {
        const Yard yard(ruled(fallback), R"(, "breaker": {"fallback": "red"})");
        auto decision = yard.decided(1);
        decision.by = Decision::By::rule;
        decision.rule = 0;
        CHECK(yard.instead(decision) == (fallback.empty() ? "" : "green"));
        CHECK(fallback_of(yard.route(), decision, yard.named("dead")) ==
              (fallback.empty() ? -1 : static_cast<std::int32_t>(yard.named("green").index)));
        CHECK(fallback_of(yard.route(), yard.decided(1), yard.named("dead")) ==
              static_cast<std::int32_t>(yard.named("red").index));
    }
}
