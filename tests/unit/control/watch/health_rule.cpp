#include "control/watch/health_rule.h"

#include <doctest/doctest.h>

#include <random>

using switchyard::control::HealthRule;
using State = HealthRule::State;

TEST_CASE("the life of an endpoint: unknown, up at its first success, down after fall, up after rise") {
    HealthRule rule;
    CHECK(rule.state() == State::unknown);
    CHECK(rule.result(true, 2, 3) == State::up);
    CHECK_FALSE(rule.result(false, 2, 3).has_value());
    CHECK_FALSE(rule.result(false, 2, 3).has_value());
    CHECK(rule.result(false, 2, 3) == State::down);
    CHECK_FALSE(rule.result(true, 2, 3).has_value());
    CHECK_FALSE(rule.result(false, 2, 3).has_value());
    CHECK_FALSE(rule.result(true, 2, 3).has_value());
    CHECK(rule.result(true, 2, 3) == State::up);
}

TEST_CASE("the first check decides at once, either way") {
    HealthRule rule;
    CHECK(rule.result(false, 5, 5) == State::down);
}

TEST_CASE("random walk: it turns only after enough equal results in a row") {
    std::mt19937 random(3);
    for (int walk = 0; walk < 300; ++walk) {
        const unsigned rise = random() % 4 + 1, fall = random() % 4 + 1;
        HealthRule rule;
        unsigned in_a_row = 0;
        bool last = false;
        for (int i = 0; i < 60; ++i) {
            const bool ok = random() % 2 == 0;
            in_a_row = i > 0 && ok == last ? in_a_row + 1 : 1;
            last = ok;
            const auto before = rule.state();
            const auto turned = rule.result(ok, rise, fall);
            CHECK(rule.state() != State::unknown);
            CHECK(turned.has_value() == (before != rule.state()));
            if (!turned || before == State::unknown) continue;
            CHECK(in_a_row >= (ok ? rise : fall));
            CHECK((rule.state() == State::up) == ok);
        }
    }
}

TEST_CASE("while an endpoint starts a failure decides nothing, and its first success brings it up at once") {
    HealthRule rule;
    for (int i = 0; i < 10; ++i) CHECK_FALSE(rule.result(false, 3, 3, true).has_value());
    CHECK(rule.state() == State::unknown);
    CHECK(rule.failures() == 0);
    CHECK(rule.result(true, 3, 3, true) == State::up);
    // It has started: what comes now counts, however early.
    CHECK_FALSE(rule.result(false, 3, 2, true).has_value());
    CHECK(rule.result(false, 3, 2, true) == State::down);
    CHECK_FALSE(rule.result(true, 3, 2, true).has_value());
}

TEST_CASE("an endpoint that has not started when its time is over is down") {
    HealthRule rule;
    CHECK_FALSE(rule.result(false, 2, 5, true).has_value());
    CHECK(rule.result(false, 2, 5, false) == State::down);
    CHECK_FALSE(rule.result(true, 2, 5, false).has_value());
    CHECK(rule.result(true, 2, 5, false) == State::up);
}
