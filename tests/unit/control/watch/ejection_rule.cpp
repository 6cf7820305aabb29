#include "control/watch/ejection_rule.h"

#include <doctest/doctest.h>

#include <random>

using namespace switchyard;
using namespace switchyard::control;
using namespace std::chrono_literals;

namespace {

const EjectionRule::Time kStart{std::chrono::hours(1)};

EjectionRule rule_over(std::vector<std::uint32_t> endpoints, config::Ejection settings = {}) {
    EjectionRule rule;
    rule.configure(settings, endpoints);
    return rule;
}

}  // namespace

TEST_CASE("the life of an ejection: suspected, out, back, out for longer, forgiven with time") {
    auto rule = rule_over({1, 2});
    CHECK_FALSE(rule.suspect(1, 4, kStart).has_value());
    const auto first = rule.suspect(1, 5, kStart);
    REQUIRE(first.has_value());
    CHECK(first->length == 30s);
    CHECK(rule.ejected(1));
    CHECK_FALSE(rule.suspect(1, 9, kStart).has_value());
    CHECK(rule.due(kStart + 29s).empty());
    CHECK(rule.due(kStart + 30s) == std::vector<std::uint32_t>{1});
    const auto second = rule.suspect(1, 5, kStart + 31s);
    REQUIRE(second.has_value());
    CHECK(second->length == 60s);
    CHECK(rule.due(kStart + 91s).size() == 1);
    // Two base times in service forgive two ejections.
    CHECK(rule.suspect(1, 5, kStart + 91s + 61s)->length == 30s);
}

TEST_CASE("never more out than allowed, but one of two may always go, and of one none") {
    auto pair = rule_over({1, 2});
    CHECK(pair.suspect(1, 5, kStart).has_value());
    CHECK_FALSE(pair.suspect(2, 5, kStart).has_value());
    auto one = rule_over({1});
    CHECK_FALSE(one.suspect(1, 5, kStart).has_value());
    config::Ejection few;
    few.max_ejected_percent = 10;
    auto small = rule_over({1, 2, 3}, few);
    CHECK(small.suspect(1, 5, kStart).has_value());
    CHECK_FALSE(small.suspect(2, 5, kStart).has_value());
}

TEST_CASE("the time out has a limit, and 0 turns it off") {
    config::Ejection settings;
    settings.max_time = 45s;
    auto rule = rule_over({1, 2}, settings);
    auto now = kStart;
    for (int i = 0; i < 5; ++i) {
        const auto verdict = rule.suspect(1, 5, now);
        REQUIRE(verdict.has_value());
        CHECK(verdict->length <= 45s);
        now += verdict->length;
        CHECK(rule.due(now).size() == 1);
    }
    settings.consecutive_failures = 0;
    auto off = rule_over({1, 2}, settings);
    CHECK_FALSE(off.suspect(1, 1000, kStart).has_value());
}

TEST_CASE("a share of failures over the window ejects, from enough requests on") {
    config::Ejection settings;
    settings.failure_percent = 50;
    auto rule = rule_over({1, 2}, settings);
    CHECK_FALSE(rule.counted(1, {0, 19, 0}, kStart).has_value());
    CHECK(rule.counted(1, {0, 1, 0}, kStart + 1s).has_value());
    CHECK_FALSE(rule.counted(2, {15, 5, 0}, kStart).has_value());
    // A new window begins with nothing against it.
    CHECK_FALSE(rule.counted(2, {0, 15, 0}, kStart + 11s).has_value());
}

TEST_CASE("an unrelated change of the configuration forgets nothing, a removed endpoint is forgotten") {
    auto rule = rule_over({1, 2, 3});
    REQUIRE(rule.suspect(1, 5, kStart).has_value());
    rule.configure({}, {1, 2, 3, 4});
    CHECK(rule.ejected(1));
    rule.configure({}, {2, 3});
    rule.configure({}, {1, 2, 3});
    CHECK_FALSE(rule.ejected(1));
}

TEST_CASE("random walk: the share out never exceeds the limit, and everyone comes back") {
    std::mt19937 random(5);
    for (int walk = 0; walk < 100; ++walk) {
        config::Ejection settings;
        settings.max_ejected_percent = static_cast<std::uint32_t>(random() % 101);
        const auto n = static_cast<std::uint32_t>(random() % 8 + 1);
        std::vector<std::uint32_t> ids;
        for (std::uint32_t i = 0; i < n; ++i) ids.push_back(i);
        auto rule = rule_over(ids, settings);
        auto now = kStart;
        for (int step = 0; step < 100; ++step) {
            now += std::chrono::seconds(random() % 20);
            rule.due(now);
            rule.suspect(static_cast<std::uint32_t>(random() % n), 5, now);
            const std::size_t most = std::max<std::size_t>(n * settings.max_ejected_percent / 100, n >= 2 ? 1 : 0);
            CHECK(rule.ejected_count() <= most);
        }
        rule.due(now + 10min);
        CHECK(rule.ejected_count() == 0);
        CHECK_FALSE(rule.next_due().has_value());
    }
}

TEST_CASE("another process goes on with it: who is out stays out for the rest of its time, and its past counts") {
    auto before = rule_over({1, 2, 3, 4});
    const auto out = before.suspect(1, 5, kStart);
    REQUIRE(out);
    const auto pasts = before.pasts();
    CHECK(pasts.size() == 1);
    auto after = rule_over({1, 2, 3, 4});
    for (const auto& [id, past] : pasts) after.go_on_from(id, past);
    after.go_on_from(77, pasts.begin()->second);  // not there any more
    CHECK(after.ejected(1));
    CHECK(after.ejected_count() == 1);
    CHECK(after.next_due() == before.next_due());
    CHECK(after.due(*after.next_due()) == std::vector<std::uint32_t>{1});
    const auto again = after.suspect(1, 5, *before.next_due());
    REQUIRE(again);
    CHECK(again->times == 2);
}
