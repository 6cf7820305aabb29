// A rule for "@candidate" in a snapshot: the smaller arm, or the one that a rollout leads to.
#include <doctest/doctest.h>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/snapshot.h"

using namespace switchyard;

namespace {

struct Colours {
    Registry registry{1};

    std::shared_ptr<const Snapshot> compiled(const std::string& split, const LedRoutes& led = {}) {
        auto parsed = config::parse(
            R"({"upstreams": {"blue": {"endpoints": []}, "green": {"endpoints": []}}, "routes": [{"name": "app", "rules":
                [{"name": "fixed", "when": {"header": "A", "present": true}, "upstream": "blue"},
                 {"name": "other", "when": {"header": "B", "present": true}, "upstream": "@candidate"}], "split": )" +
            split + "}]}");
        REQUIRE(parsed.model.has_value());
        auto out = compile(std::make_shared<const config::Model>(std::move(*parsed.model)), 1, registry, {}, led);
        REQUIRE(out.snapshot);
        return out.snapshot;
    }
    std::string means(const std::string& split, const LedRoutes& led = {}) {
        const auto snapshot = compiled(split, led);
        const auto& rules = snapshot->routes.all()[0]->rules;
        CHECK_FALSE(rules[0].candidate);
        CHECK(rules[1].candidate);
        CHECK(snapshot->upstreams[rules[0].upstream]->name == "blue");
        CHECK(snapshot->routed[rules[1].upstream]);
        return snapshot->upstreams[rules[1].upstream]->name;
    }
};

}  // namespace

TEST_CASE("by the weights") {
    Colours colours;
    CHECK(colours.means(R"({"blue": 100, "green": 0})") == "green");
    CHECK(colours.means(R"({"blue": 20, "green": 80})") == "blue");
    CHECK(colours.means(R"({"blue": 1, "green": 1})") == "green");
    CHECK(colours.means(R"({"blue": 1, "green": 1}, "candidate": "blue")") == "blue");
}

TEST_CASE("by a rollout, whatever the weights") {
    Colours colours;
    CHECK(colours.means(R"({"blue": 20, "green": 80})", {1, {{"app", "green"}}}) == "green");
    CHECK(colours.means(R"({"blue": 0, "green": 1})", {1, {{"app", "green"}}}) == "green");
    CHECK(colours.means(R"({"blue": 0, "green": 1})", {2, {{"shop", "green"}}}) == "blue");
    CHECK(colours.means(R"({"blue": 0, "green": 1})", {2, {{"app", "gone"}}}) == "blue");
    CHECK(colours.compiled(R"({"blue": 0, "green": 1})", {2, {}})->led == 2);
}
