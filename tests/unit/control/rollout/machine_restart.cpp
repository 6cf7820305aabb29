// kill -9 at any moment: the journal's prefix decides, weights are held, nothing advances by itself.
#include <doctest/doctest.h>

#include "tests/unit/control/rollout/driver.h"
#include "tests/unit/control/rollout/plans.h"

using namespace switchyard::control::rollout;
using namespace std::chrono_literals;

namespace {

Driver full_life() {
    Driver d(example_plan());
    std::string refusal;
    d.take(d.machine.start(d.now, "ci"));
    d.pass(95s, Driver::with_good());
    d.take(d.machine.pause("alice", refusal));
    d.take(d.machine.resume(d.now, "alice", refusal));
    d.pass(15min, Driver::with_nothing());  // inconclusive
    d.take(d.machine.resume(d.now, "alice", refusal));
    d.pass(62s, Driver::with_good());
    d.take(d.machine.promote(d.now, "alice", refusal));
    d.pass(182s, Driver::with_good());
    d.take(d.machine.in_force(d.weight));
    REQUIRE(refusal.empty());
    REQUIRE(d.machine.state() == State::succeeded);
    REQUIRE(d.machine.closed());
    return d;
}

Ppm weight_of(const std::vector<Record>& records) {
    Ppm weight = 0;
    for (const Record& r : records)
        if (r.kind == Record::Kind::step || r.kind == Record::Kind::rolled_back || r.kind == Record::Kind::aborted ||
            r.kind == Record::Kind::succeeded)
            weight = r.weight;
    return weight;
}

}  // namespace

TEST_CASE("after any prefix of the journal the rollout holds the weight of that prefix") {
    const Driver life = full_life();
    CHECK(life.journal.size() >= 12);
    for (std::size_t kept = 1; kept <= life.journal.size(); ++kept) {
        CAPTURE(kept);
        const std::vector<Record> prefix(life.journal.begin(), life.journal.begin() + static_cast<long>(kept));
        CAPTURE(word(prefix.back().kind));
        Driver back(example_plan());
        back.now = Monotonic{5};  // another process, another clock
        back.take(back.machine.restore(prefix, back.now));
        const bool closed = prefix.back().kind == Record::Kind::closed;
        CHECK(back.weights.size() == (closed ? 0 : 1));  // re-issued once, in case it was not in force
        CHECK(back.machine.weight() == weight_of(prefix));
        if (!closed) CHECK(back.weight == weight_of(prefix));

        // Without evidence it goes nowhere, whatever time passes.
        const Ppm held = back.machine.weight();
        const State state = back.machine.state();
        back.pass(9min, Driver::with_nothing());
        CHECK(back.machine.weight() == held);
        CHECK(back.machine.state() == state);
    }
}

TEST_CASE("a restart begins the step's bake anew") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(62s + 25s, Driver::with_good());
    REQUIRE(d.machine.step() == 1);
    Driver back(example_plan());
    back.take(back.machine.restore(d.journal, back.now));
    back.pass(29s, Driver::with_good());
    CHECK(back.machine.step() == 1);
    back.pass(2s, Driver::with_good());
    CHECK(back.machine.step() == 2);
}

TEST_CASE("what the journal grew by after a restart is a journal again") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(62s, Driver::with_good());
    for (int crash = 0; crash < 5; ++crash) {
        Driver back(example_plan());
        back.journal = d.journal;
        back.take(back.machine.restore(d.journal, back.now));
        CHECK(back.machine.step() == 1);
        CHECK(back.weight == 10'000);
        d.journal = back.journal;
    }
    CHECK(d.journal.back().kind == Record::Kind::restarted);
}

TEST_CASE("a rollback whose publication was lost is published after the restart, a closed one is left alone") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(62s, Driver::with_good());
    d.take(d.machine.tick(d.now += 200ms, d.bad()));
    Driver back(example_plan());
    back.weight = 10'000;
    back.take(back.machine.restore(d.journal, back.now));
    CHECK(back.machine.state() == State::rolling_back);
    CHECK(back.weight == 0);
    CHECK(back.machine.holds_route());
    back.take(back.machine.in_force(0));
    CHECK(back.machine.state() == State::rolled_back);
    CHECK_FALSE(back.machine.holds_route());

    d.take(d.machine.in_force(0));
    Driver later(example_plan());
    later.take(later.machine.restore(d.journal, later.now));
    CHECK(later.machine.state() == State::rolled_back);
    CHECK(later.weights.empty());
    CHECK_FALSE(later.machine.holds_route());
}

TEST_CASE("a gradual return that was cut short goes at once") {
    Plan plan = example_plan();
    plan.return_over = 60s;
    Driver d(plan);
    std::string refusal;
    d.take(d.machine.start(d.now, "ci"));
    for (int i = 0; i < 4; ++i) d.take(d.machine.promote(d.now, "ci", refusal));
    d.take(d.machine.tick(d.now += 200ms, d.bad()));
    d.pass(20s, Driver::with_good());
    REQUIRE(d.weight > 0);
    Driver back(plan);
    back.take(back.machine.restore(d.journal, back.now));
    CHECK(back.weight == 0);
}
