// Changes that undo themselves unless they are confirmed.
#include "tests/unit/control/core/bench.h"

using namespace bench;
using namespace std::chrono_literals;

namespace {

Change unsure(std::chrono::milliseconds within) {
    auto c = switch_to("green");
    c.confirm_within = within;
    return c;
}

}  // namespace

TEST_CASE("a change that is not confirmed is undone at its deadline, by a generation that says so") {
    Bench b;
    const auto before = b.config();
    const auto answer = b.change(unsure(30ms));
    REQUIRE(answer.has_value());
    CHECK(answer->confirm_by != "");
    b.until([&] { return b.controller->generation() == 3; });
    CHECK(b.config() == before);
    const auto kept = **b.store->newest();
    CHECK(kept.verb == "not-confirmed");
    CHECK(kept.who == "switchyard");
    CHECK_FALSE(b.controller->pending().has_value());
}

TEST_CASE("a confirmed change stays, and the audit says who confirmed it") {
    Bench b;
    REQUIRE(b.change(unsure(1h)).has_value());
    CHECK(b.confirm(1).error().status == 404);
    REQUIRE(b.confirm(2).has_value());
    CHECK_FALSE(b.controller->pending().has_value());
    CHECK_FALSE((*b.store->pending()).has_value());
    CHECK((*b.store->audit(0, 1))[0].verb == "confirm");
    b.restart();
    CHECK(b.controller->generation() == 2);
    CHECK_FALSE(b.controller->pending().has_value());
}

TEST_CASE("the deadline survives a restart, also one that lasts longer than the deadline") {
    Bench b;
    const auto before = b.config();
    REQUIRE(b.change(unsure(1ms)).has_value());
    if (b.controller->generation() == 2) b.restart();
    b.until([&] { return b.controller->generation() == 3; });
    CHECK(b.config() == before);
}

TEST_CASE("while a change waits, others are refused by name, but undo is always possible") {
    Bench b;
    const auto before = b.config();
    REQUIRE(b.change(unsure(1h)).has_value());
    const auto refused = b.change(split({{"blue", 3}}, "shop"));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 409);
    CHECK(refused.error().detail.find("generation 2") != std::string::npos);
    REQUIRE(b.undo(0).has_value());
    CHECK(b.config() == before);
    CHECK_FALSE(b.controller->pending().has_value());
    CHECK(b.change(split({{"blue", 3}}, "shop")).has_value());
}

TEST_CASE("a change that waits on keeps its longer deadline, over a restart as well, and is not confirmed by it") {
    Bench b;
    const auto before = b.config();
    REQUIRE(b.change(unsure(1h)).has_value());
    CHECK(b.wait_on(1, 2h, {"ci", "", ""}).error().status == 404);
    const auto first = b.controller->pending()->deadline_ms;
    const auto later = b.wait_on(2, 2h, {"ci", "", "still at it"});
    REQUIRE(later.has_value());
    CHECK(unix_ms(*later) > first);
    // Never shorter: what was promised stays promised.
    REQUIRE(b.wait_on(2, 1ms, {"ci", "", ""}).has_value());
    CHECK(b.controller->pending()->deadline_ms == unix_ms(*later));
    b.restart();
    REQUIRE(b.controller->pending().has_value());
    CHECK(b.controller->pending()->deadline_ms == unix_ms(*later));
    REQUIRE(b.undo(0).has_value());
    CHECK(b.config() == before);
    CHECK(b.wait_on(2, 1h, {"ci", "", ""}).error().status == 404);
}

TEST_CASE("who waits on stands in the audit once, however often it is said") {
    Bench b;
    REQUIRE(b.change(unsure(1h)).has_value());
    for (int i = 0; i < 3; ++i) REQUIRE(b.wait_on(2, 2h, {"ci", "", "release 42"}).has_value());
    REQUIRE(b.wait_on(2, 2h, {"anna", "", ""}).has_value());
    std::vector<std::string> who;
    const auto audit = *b.store->audit(0, 10);
    for (const auto& entry : audit)
        if (entry.verb == "wait-on") who.push_back(entry.who);
    CHECK(who == std::vector<std::string>{"anna", "ci"});
}
