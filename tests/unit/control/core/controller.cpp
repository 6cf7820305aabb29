#include "control/core/controller.h"

#include <random>

#include "tests/unit/control/core/bench.h"

using namespace bench;

TEST_CASE("a change makes the next generation, durable, published and adopted before it is answered") {
    Bench b;
    const auto answer = b.change(switch_to("green"));
    REQUIRE(answer.has_value());
    CHECK(answer->status() == 200);
    CHECK(answer->generation == 2);
    CHECK(answer->previous == 1);
    CHECK(answer->changes == std::vector<std::string>{"route forum: split blue 100 → 0, green 0 → 100"});
    CHECK(answer->effective_at != "");
    CHECK(b.published == std::vector<std::uint64_t>{2});
    const auto kept = **b.store->newest();
    CHECK(kept.number == 2);
    CHECK(kept.config == b.config());
    CHECK(kept.reason == "release");
}

TEST_CASE("no answer comes before the last worker has adopted") {
    Bench b;
    b.adopt_at_once = false;
    std::optional<Answer> answer;
    b.controller->change(switch_to("green"), [&](Answer a) { answer.emplace(std::move(a)); });
    CHECK_FALSE(answer.has_value());
    b.controller->adopted(0, 2, {});
    CHECK_FALSE(answer.has_value());
    b.controller->adopted(1, 2, {});
    REQUIRE(answer.has_value());
    CHECK((*answer)->status() == 200);
}

TEST_CASE("a worker that does not answer makes it a 202 that names it, never a false 200") {
    Bench b;
    b.adopt_at_once = false;
    std::optional<Answer> answer;
    b.controller->change(switch_to("green"), [&](Answer a) { answer.emplace(std::move(a)); });
    b.controller->adopted(1, 2, {});
    b.until([&] { return answer.has_value(); });
    REQUIRE(answer->has_value());
    CHECK((*answer)->status() == 202);
    CHECK((*answer)->waiting_for == std::vector<unsigned>{0});
    CHECK((*answer)->effective_at == "");
    // The next one is not held up by the one that never came through, and is as honest.
    std::optional<Answer> next;
    b.controller->change(switch_to("blue"), [&](Answer a) { next.emplace(std::move(a)); });
    b.controller->adopted(1, 3, {});
    b.controller->adopted(0, 3, {});  // it comes back and takes the newest
    REQUIRE(next.has_value());
    CHECK((*next)->status() == 200);
}

TEST_CASE("a refused change changes nothing, whatever the reason") {
    struct Row {
        const char* what;
        std::function<Change(Bench&)> change;
        unsigned status;
    };
    const Row rows[] = {
        {"no such route", [](Bench&) { return switch_to("green", "nowhere"); }, 404},
        {"no such upstream", [](Bench&) { return switch_to("red"); }, 422},
        {"nothing healthy there",
         [](Bench& b) {
             b.facts["green"].healthy = 0;
             return switch_to("green");
         },
         409},
        {"someone else was quicker",
         [](Bench&) {
             auto c = switch_to("green");
             c.if_match = 7;
             return c;
         },
         412},
        {"invalid result",
         [](Bench&) {
             auto c = switch_to("green");
             c.edit = [](const config::Model& m, const Facts&) -> Result<config::Model> {
                 auto next = m;
                 next.routes[0].split.emplace_back("red", 5);
                 return next;
             };
             return c;
         },
         422},
        {"the process part differs",
         [](Bench&) {
             auto c = switch_to("green");
             c.edit = [](const config::Model& m, const Facts&) -> Result<config::Model> {
                 auto next = m;
                 next.process.workers = 77;
                 return next;
             };
             return c;
         },
         409},
        {"held by a rollout",
         [](Bench& b) {
             b.controller->hold_with([](const std::string& route) { return Holder{route == "forum" ? "r1" : ""}; });
             return switch_to("green");
         },
         409},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        Bench b;
        const auto before = b.config();
        const auto answer = b.change(row.change(b));
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().status == row.status);
        CHECK(answer.error().detail != "");
        CHECK(b.controller->generation() == 1);
        CHECK(b.config() == before);
        CHECK(b.published.empty());
        CHECK((**b.store->newest()).number == 1);
    }
}

TEST_CASE("the rollout that holds a route may change it, and nobody is kept from other routes") {
    Bench b;
    b.controller->hold_with([](const std::string& route) { return Holder{route == "forum" ? "r1" : ""}; });
    auto own = split({{"blue", 95}, {"green", 5}});
    own.holder = "r1";
    CHECK(b.change(own).has_value());
    CHECK(b.change(switch_to("green", "shop")).has_value());
}

TEST_CASE("a dry run answers the receipt and changes nothing") {
    Bench b;
    auto c = switch_to("green");
    c.dry_run = true;
    const auto answer = b.change(c);
    REQUIRE(answer.has_value());
    CHECK(answer->dry_run);
    CHECK(answer->generation == 2);
    CHECK(answer->changes.size() == 1);
    CHECK(b.controller->generation() == 1);
    CHECK(b.published.empty());
}

TEST_CASE("a change to what is already so makes no generation") {
    Bench b;
    const auto answer = b.change(switch_to("blue"));
    REQUIRE(answer.has_value());
    CHECK(answer->unchanged);
    CHECK(answer->generation == 1);
    CHECK(b.published.empty());
}

TEST_CASE("the same key is done once and answered twice, also while in progress and after a restart") {
    Bench b;
    auto c = switch_to("green");
    c.idempotency_key = "k";
    c.fingerprint = "f";
    b.adopt_at_once = false;
    std::vector<std::uint64_t> answers;
    for (int i = 0; i < 3; ++i) b.controller->change(c, [&](Answer a) { answers.push_back(a->generation); });
    CHECK(answers.empty());
    b.adopt(2);
    CHECK(answers == std::vector<std::uint64_t>{2, 2, 2});
    b.adopt_at_once = true;
    CHECK(b.change(switch_to("blue"))->generation == 3);
    CHECK(b.change(c)->generation == 2);
    b.restart();
    CHECK(b.change(c)->generation == 2);
    CHECK(b.controller->generation() == 3);

    auto other = split({{"blue", 1}});
    other.idempotency_key = "k";
    other.fingerprint = "another";
    CHECK(b.change(other).error().status == 422);
}

TEST_CASE("undo goes back one, or to any generation, with byte-equal configuration") {
    Bench b;
    std::mt19937 random(7);
    std::vector<std::string> configs{b.config()};
    for (int i = 0; i < 200; ++i) {
        const auto answer = b.change(
            split({{"blue", random() % 1000 + 1}, {"green", random() % 1000}}, random() % 2 == 0 ? "forum" : "shop"));
        REQUIRE(answer.has_value());
        if (!answer->unchanged) configs.push_back(b.config());
    }
    for (int i = 0; i < 20; ++i) {
        const auto to = random() % configs.size();
        const auto before = b.controller->generation();
        const auto answer = b.undo(to + 1);
        REQUIRE(answer.has_value());
        CHECK(b.config() == configs[to]);
        if (!answer->unchanged) {
            CHECK(answer->generation == before + 1);
            configs.push_back(b.config());
        }
    }
    const auto there = b.config();
    REQUIRE(b.change(split({{"blue", 4711}})).has_value());
    REQUIRE(b.undo(0).has_value());
    CHECK(b.config() == there);
    CHECK(b.undo(99999).error().status == 404);
}

TEST_CASE("after a restart the last acknowledged generation is in force") {
    Bench b;
    REQUIRE(b.change(switch_to("green")).has_value());
    const auto before = b.config();
    b.restart();
    CHECK(b.controller->generation() == 2);
    CHECK(b.config() == before);
}

TEST_CASE("the generation in force is published again with other addresses: nothing is stored, nothing can be undone") {
    Bench b;
    const auto before = b.controller->snapshot();
    KnownAddresses known{1, {{"app.test", {"10.0.0.1"}}}};
    b.controller->republish(with_addresses(*before, b.registry, known));
    CHECK(b.published == std::vector<std::uint64_t>{1});
    CHECK(b.controller->generation() == 1);
    CHECK(b.controller->snapshot()->facts == 1);
    CHECK((*b.store->newest())->number == 1);
    REQUIRE(b.change(switch_to("green")).has_value());
    // A snapshot that was made before the change comes too late.
    b.controller->republish(with_addresses(*before, b.registry, known));
    CHECK(b.published == std::vector<std::uint64_t>{1, 2});
    CHECK(b.controller->snapshot()->generation == 2);
}

TEST_CASE("what a return is let do without is over with it, also where it is refused before anything is compiled") {
    Bench b;
    REQUIRE(b.change(switch_to("green")).has_value());
    bool asked = false;
    b.fit_for_return = [&](config::Model&, const config::Model&) {
        asked = true;
        return std::vector<std::string>{"a certificate stays as it is now"};
    };
    SUBCASE("made") {
        const auto undone = b.undo(1);
        REQUIRE(undone.has_value());
        CHECK(undone->restores->why.find("a certificate stays") != std::string::npos);
    }
    SUBCASE("refused") {
        b.controller->hold_with([](const std::string&) { return Holder{"r1", false}; });
        CHECK_FALSE(b.undo(1).has_value());
    }
    CHECK(asked);
    CHECK(b.returns_over == 1);
}
