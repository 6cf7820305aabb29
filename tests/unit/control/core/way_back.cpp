// Where an undo returns to, and that the guard stands before every change but the ones that take traffic back.
#include "control/core/way_back.h"

#include "bench.h"
#include "control/edits/guard.h"

namespace {

using namespace bench;

// As a rollout publishes its weights.
Change step(config::Split weights, const std::string& verb = kRolloutVerb) {
    Change c = split(std::move(weights));
    c.verb = verb;
    c.file.reset();
    c.caller = {"rollout r1", "", "a step"};
    return c;
}

config::Split forum(const Bench& b) {
    return b.controller->model().routes[0].split;
}

}  // namespace

TEST_CASE("undo after a rollout returns to before its first step") {
    Bench b;
    REQUIRE(b.change(split({{"blue", 90}, {"green", 10}}, "forum")).has_value());
    REQUIRE(b.change(switch_to("blue")).has_value());
    for (const unsigned weight : {5U, 25U, 100U})
        REQUIRE(b.change(step({{"blue", 100 - weight}, {"green", weight}})).has_value());
    Change dry;
    dry.dry_run = true;
    const auto shown = b.undo(0, dry);
    REQUIRE(shown.has_value());
    CHECK(shown->moves == std::vector<std::string>{"route forum: all traffic moves from green to blue"});
    CHECK(shown->restores == Restored{3, "before rollout r1"});
    const auto undone = b.undo(0);
    REQUIRE(undone.has_value());
    CHECK(undone->restores == Restored{3, "before rollout r1"});
    CHECK(forum(b) == config::Split{{"blue", 100}, {"green", 0}});
}

TEST_CASE("what others changed while the rollout ran stays") {
    Bench b;
    REQUIRE(b.change(step({{"blue", 95}, {"green", 5}})).has_value());
    REQUIRE(b.change(split({{"blue", 1}, {"green", 1}}, "shop")).has_value());
    REQUIRE(b.change(step({{"blue", 0}, {"green", 100}})).has_value());
    REQUIRE(b.undo(0).has_value());
    CHECK(forum(b) == config::Split{{"blue", 100}, {"green", 0}});
    CHECK(b.controller->model().routes[1].split == config::Split{{"blue", 1}, {"green", 1}});
}

TEST_CASE("undo after an automatic return does not bring the release back") {
    Bench b;
    REQUIRE(b.change(switch_to("green")).has_value());
    SUBCASE("a switch that was not confirmed") {
        Change c = split({{"blue", 100}, {"green", 0}});
        c.verb = kUnconfirmedVerb;
        c.caller = {"switchyard", "", ""};
        REQUIRE(b.change(c).has_value());
    }
    SUBCASE("a watched switch") {
        REQUIRE(b.change(step({{"blue", 100}, {"green", 0}}, kWatchVerb)).has_value());
    }
    const auto undone = b.undo(0);
    REQUIRE(undone.has_value());
    CHECK(undone->unchanged);
    CHECK(undone->moves.empty());
    CHECK(undone->restores->why.find("by itself") != std::string::npos);
    CHECK(forum(b) == config::Split{{"blue", 100}, {"green", 0}});
    // Who names a generation gets it.
    REQUIRE(b.undo(2).has_value());
    CHECK(forum(b) == config::Split{{"blue", 0}, {"green", 100}});
}

TEST_CASE("a rollback that was a rollout's leads to before the rollout too") {
    Bench b;
    REQUIRE(b.change(step({{"blue", 95}, {"green", 5}})).has_value());
    REQUIRE(b.change(step({{"blue", 100}, {"green", 0}})).has_value());
    const auto undone = b.undo(0);
    REQUIRE(undone.has_value());
    CHECK(undone->unchanged);
    CHECK(forum(b) == config::Split{{"blue", 100}, {"green", 0}});
}

namespace {

// green is down, blue is up; both are checked.
struct GuardedBench : Bench {
    GuardedBench()
        : Bench(R"({"upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:9001"}]},
                                  "green": {"endpoints": [{"address": "127.0.0.1:9002"}]}},
            "routes": [{"name": "forum", "split": {"blue": 100, "green": 0}},
                       {"name": "shop", "match": {"hosts": ["shop.example"]}, "split": {"blue": 1}}]})") {
        facts["blue"].by_address["127.0.0.1:9001"] = {true, false};
        facts["green"].by_address["127.0.0.1:9002"] = {false, false};
    }
};

}  // namespace

TEST_CASE("every change passes the guard, and force passes it") {
    GuardedBench b;
    auto c = split({{"blue", 0}, {"green", 100}});
    auto refused = b.change(c);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 409);
    CHECK(refused.error().detail.find("upstream green: 127.0.0.1:9002 is down") != std::string::npos);
    CHECK(refused.error().detail.ends_with(edits::kForceHint));
    CHECK(b.controller->generation() == 1);
    c.dry_run = true;
    CHECK_FALSE(b.change(c).has_value());  // a dry run says what the real thing would say
    c.dry_run = false;
    const auto verb = std::exchange(c.verb, kReloadVerb);
    c.file = FileBase{"", "of the file", ""};
    CHECK(b.change(c).error().detail.find("(a reload has no force") != std::string::npos);
    c.verb = verb;
    c.file.reset();
    c.force = true;
    REQUIRE(b.change(c).has_value());
    CHECK(forum(b) == config::Split{{"blue", 0}, {"green", 100}});
    // No endpoint serves now: whatever comes next takes no traffic away.
    REQUIRE(b.change(split({{"blue", 0}, {"green", 50}})).has_value());
}

TEST_CASE("an undo is guarded, a promised return is not") {
    GuardedBench b;
    b.facts["green"].by_address["127.0.0.1:9002"] = {true, false};
    auto c = switch_to("green");
    c.confirm_within = std::chrono::milliseconds(1);
    b.facts["blue"].by_address["127.0.0.1:9001"] = {false, false};
    REQUIRE(b.change(c).has_value());
    const auto undone = b.undo(0);
    REQUIRE_FALSE(undone.has_value());
    CHECK(undone.error().detail.find("upstream blue: 127.0.0.1:9001 is down") != std::string::npos);
    b.until([&] { return !b.controller->pending(); });
    CHECK(forum(b) == config::Split{{"blue", 100}, {"green", 0}});
}
