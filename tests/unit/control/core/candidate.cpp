// "@candidate" through the life of a configuration: switches, equal weights, restarts, undoes, files.
#include "config/model/candidate.h"

#include "tests/unit/control/core/bench.h"

using namespace switchyard;
using namespace switchyard::control;
using bench::Bench;
using bench::model_of;
using bench::split;
using bench::switch_to;

namespace {

const std::string kColours = R"({
  "listeners": [],
  "upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:9001"}], "health": {"type": "none"}},
                "green": {"endpoints": [{"address": "127.0.0.1:9002"}], "health": {"type": "none"}}},
  "routes": [{"name": "forum", "rules": [{"name": "testers", "when": {"header": "X-Release", "present": true}, "upstream": "@candidate"}],
              "split": {"blue": 100, "green": 0}},
             {"name": "shop", "match": {"hosts": ["shop.example"]}, "split": {"blue": 1}}]})";

std::string candidate(const Bench& b) {
    return *config::candidate_of(b.controller->model().routes[0]);
}

std::string in_snapshot(const Bench& b) {
    const auto& snapshot = *b.controller->snapshot();
    for (const auto& route : snapshot.routes.all())
        if (route->name == "forum") return snapshot.upstreams[route->rules[0].upstream]->name;
    return {};
}

}  // namespace

TEST_CASE("a switch to the candidate goes back and forth, and the receipt names everybody") {
    Bench b(kColours);
    auto there = b.change(switch_to("@candidate"));
    REQUIRE(there.has_value());
    CHECK(there->changes == std::vector<std::string>{"route forum: split blue 100 → 0, green 0 → 100"});
    CHECK(there->moves == std::vector<std::string>{"route forum: all traffic moves from blue to green",
                                                   "route forum: what rule testers takes moves from green to blue"});
    CHECK(in_snapshot(b) == "blue");
    REQUIRE(b.change(switch_to("@candidate")).has_value());
    CHECK(in_snapshot(b) == "green");
    const auto alone = b.change(switch_to("@candidate", "shop"));
    REQUIRE_FALSE(alone.has_value());
    CHECK(alone.error().status == 422);
    CHECK(alone.error().errors.at(0).pointer == "/to");
    CHECK(alone.error().errors.at(0).detail.find("the split of route shop has 1") != std::string::npos);
}

TEST_CASE("at equal weights it is the one that had less before, after a restart and an undo as well") {
    Bench b(kColours);
    REQUIRE(b.change(split({{"blue", 10}, {"green", 90}})).has_value());
    REQUIRE(b.change(split({{"blue", 50}, {"green", 50}})).has_value());  // 3
    CHECK(candidate(b) == "blue");
    b.restart();
    CHECK(candidate(b) == "blue");
    CHECK(in_snapshot(b) == "blue");
    REQUIRE(b.change(split({{"blue", 100}})).has_value());
    CHECK(candidate(b) == "green");
    CHECK(b.controller->model().routes[0].candidate.empty());
    REQUIRE(b.undo(3).has_value());
    CHECK(candidate(b) == "blue");
    // The same again is nothing new.
    CHECK(b.change(split({{"blue", 50}, {"green", 50}}))->unchanged);
}

TEST_CASE("a file that is read again leaves it, an operator's split may move it") {
    Bench b(kColours);
    Change change = split({{"blue", 50}, {"green", 50}});
    change.role = config::Role::operate;
    REQUIRE(b.change(split({{"blue", 10}, {"green", 90}})).has_value());
    REQUIRE(b.change(std::move(change)).has_value());
    CHECK(candidate(b) == "blue");
    const auto take = [&](const std::string& text, const std::string& hash) {
        Change reload;
        reload.verb = kReloadVerb;
        std::optional<Answer> answer;
        b.controller->take_file(model_of(text), hash, false, std::move(reload), [&](Answer a) { answer = a; });
        b.until([&] { return answer.has_value(); });
        return *answer;
    };
    REQUIRE(take(kColours, "one").has_value());
    std::string other = kColours;
    other.replace(other.find("\"name\": \"forum\""), 15, "\"name\": \"forum\", \"debug_headers\": true");
    REQUIRE(take(other, "two").has_value());
    CHECK(b.controller->model().routes[0].debug_headers);
    CHECK(candidate(b) == "blue");
}

TEST_CASE("what a rule for the candidate moves is told by the rollout that holds the route") {
    Bench b(kColours);
    b.controller->hold_with([](const std::string& route) {
        return route == "forum" ? Holder{"r1", false, "green"} : Holder{};
    });
    auto step = split({{"blue", 20}, {"green", 80}});
    step.holder = "r1";
    const auto answer = b.change(std::move(step));
    REQUIRE(answer.has_value());
    CHECK(answer->moves.size() == 1);  // the rule goes to green before and after
}
