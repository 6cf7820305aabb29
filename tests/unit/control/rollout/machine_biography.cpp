#include <doctest/doctest.h>

#include "tests/unit/control/rollout/driver.h"
#include "tests/unit/control/rollout/plans.h"

using namespace switchyard::control::rollout;
using namespace std::chrono_literals;

TEST_CASE("biography: header step, small shares, a pause for a person, everything, done") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    CHECK(d.machine.state() == State::running);
    CHECK(d.weight == 0);  // header only
    d.pass(59s, Driver::with_good());
    CHECK(d.machine.step() == 0);
    d.pass(2s, Driver::with_good());
    CHECK(d.machine.step() == 1);
    CHECK(d.weight == 10'000);
    d.pass(31s, Driver::with_good());
    CHECK(d.weight == 50'000);
    d.pass(61s, Driver::with_good());
    CHECK(d.machine.step() == 3);
    CHECK(d.machine.state() == State::paused);
    CHECK(d.weight == 50'000);
    d.pass(24h, [](const Driver& driver) { return driver.good(); });
    CHECK(d.machine.state() == State::paused);  // no evidence replaces a person here
    std::string refusal;
    d.take(d.machine.promote(d.now, "alice", refusal));
    CHECK(refusal.empty());
    CHECK(d.weight == 250'000);
    d.pass(61s, Driver::with_good());
    CHECK(d.weight == kWhole);
    d.pass(121s, Driver::with_good());
    CHECK(d.machine.state() == State::succeeded);
    CHECK(d.weight == kWhole);
    CHECK_FALSE(d.machine.closed());
    d.take(d.machine.in_force(kWhole));
    CHECK(d.machine.closed());
    CHECK_FALSE(d.machine.holds_route());
    CHECK(d.announced == std::vector<std::string>{"start", "step", "step", "step", "pause", "step", "step", "done"});
    CHECK(d.journal.back().kind == Record::Kind::closed);
}

TEST_CASE("biography: an alarm takes the traffic away, and it stays away") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(100s, Driver::with_good());
    CHECK(d.weight == 50'000);
    d.take(d.machine.tick(d.now += 200ms, d.bad()));
    CHECK(d.machine.state() == State::rolling_back);
    CHECK(d.machine.holds_route());
    CHECK(d.weight == 0);
    CHECK(d.journal.back().detail["ln_e"] == 9.1);
    CHECK(d.announced.back() == "rollback");
    d.take(d.machine.in_force(0));
    CHECK(d.machine.state() == State::rolled_back);
    CHECK(d.machine.closed());
    d.pass(1h, Driver::with_good());
    CHECK(d.weight == 0);
    std::string refusal;
    CHECK(d.machine.promote(d.now, "alice", refusal).empty());
    CHECK(refusal == "cannot promote a rollout that is rolled_back");
}

TEST_CASE("an alarm also rolls back what is paused or inconclusive: nobody watches then") {
    for (const bool paused : {true, false}) {
        CAPTURE(paused);
        Driver d(example_plan());
        d.take(d.machine.start(d.now, "ci"));
        d.pass(100s, Driver::with_good());
        std::string refusal;
        if (paused)
            d.take(d.machine.pause("alice", refusal));
        else
            d.pass(12min, Driver::with_nothing());
        CHECK(d.machine.state() == (paused ? State::paused : State::inconclusive));
        CHECK(d.weight == 50'000);
        d.take(d.machine.tick(d.now += 200ms, d.bad()));
        CHECK(d.machine.state() == State::rolling_back);
        CHECK(d.weight == 0);
    }
}

TEST_CASE("no traffic neither passes nor fails: the step waits its patience and then asks a person") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(62s, Driver::with_good());
    REQUIRE(d.machine.step() == 1);
    d.pass(10min, Driver::with_nothing());
    CHECK(d.machine.state() == State::running);
    CHECK(d.machine.why() == "waits: 0 of 300 canary requests");
    d.pass(31s, Driver::with_nothing());
    CHECK(d.machine.state() == State::inconclusive);
    CHECK(d.machine.why() == "waited for evidence in vain: green was not asked once");
    CHECK(d.weight == 10'000);
    d.pass(24h, Driver::with_good());
    CHECK(d.machine.state() == State::inconclusive);  // holds, whatever comes: a person decides
    std::string refusal;
    d.take(d.machine.resume(d.now, "alice", refusal));
    d.pass(31s, Driver::with_good());
    CHECK(d.weight == 50'000);
}

TEST_CASE("what happens in vain waiting is the plan's choice") {
    const auto outcome = [](Plan::Inconclusive policy, bool asked, bool failed) {
        Plan plan = example_plan();
        plan.inconclusive = policy;
        Driver d(plan);
        d.take(d.machine.start(d.now, "ci"));
        d.pass(62s, Driver::with_good());
        d.pass(10min + 31s, [&](const Driver& driver) {
            auto f = driver.nothing();
            f.canary_asked = asked;
            f.canary_failed = failed;
            return f;
        });
        return std::pair{d.machine.state(), d.weight};
    };
    using P = Plan::Inconclusive;
    CHECK(outcome(P::pause, true, false) == std::pair{State::inconclusive, Ppm{10'000}});
    CHECK(outcome(P::rollback, true, false) == std::pair{State::rolling_back, Ppm{0}});
    CHECK(outcome(P::promote_if_no_failures, true, false) == std::pair{State::running, Ppm{50'000}});
    CHECK(outcome(P::promote_if_no_failures, true, true) == std::pair{State::inconclusive, Ppm{10'000}});
    CHECK(outcome(P::promote_if_no_failures, false, false) == std::pair{State::inconclusive, Ppm{10'000}});
}

TEST_CASE("evidence that is old, or of an earlier step, advances nothing") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(62s, Driver::with_good());
    const auto frozen_at = d.now;
    d.pass(5min, [&](const Driver& driver) {
        auto f = driver.good();
        f.as_of = frozen_at;  // the workers have fallen silent
        return f;
    });
    CHECK(d.machine.step() == 1);
    CHECK(d.machine.why() == "waits for fresh counts from the workers");
    const auto baked = d.machine.baked();
    d.pass(1min, [](const Driver& driver) {
        auto f = driver.good();
        f.as_of = kNever;  // no worker has reported yet
        return f;
    });
    CHECK(d.machine.baked() == baked);
    d.pass(3min, [&](const Driver& driver) {
        auto f = driver.good();
        f.epoch -= 1;
        return f;
    });
    CHECK(d.machine.step() == 1);
    d.pass(31s, Driver::with_good());
    CHECK(d.machine.step() == 2);
}

TEST_CASE("a clock that jumps, in either direction, makes no bake shorter") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.take(d.machine.tick(d.now += 24h, d.good()));
    CHECK(d.machine.baked() <= 1s);
    CHECK(d.machine.step() == 0);
    d.now -= 48h;
    d.take(d.machine.tick(d.now, d.good()));
    CHECK(d.machine.step() == 0);
    d.pass(61s, Driver::with_good());
    CHECK(d.machine.step() == 1);
}

TEST_CASE("a mismatch of the split stops everything but rolls nothing back") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(62s, Driver::with_good());
    auto f = d.good();
    f.mismatch = true;
    d.take(d.machine.tick(d.now += 200ms, f));
    CHECK(d.machine.state() == State::inconclusive);
    CHECK(d.weight == 10'000);
}

TEST_CASE("checks alone are evidence for a header step, and for nothing else") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    const auto checks_only = [](const Driver& driver) {
        auto f = driver.nothing();
        f.checks_passed = true;
        return f;
    };
    d.pass(62s, checks_only);
    CHECK(d.machine.step() == 1);
    d.pass(5min, checks_only);
    CHECK(d.machine.step() == 1);
}

TEST_CASE("a gradual return goes down in stages and never up") {
    Plan plan = example_plan();
    plan.return_over = 60s;
    Driver d(plan);
    d.take(d.machine.start(d.now, "ci"));
    std::string refusal;
    for (int i = 0; i < 5; ++i) d.take(d.machine.promote(d.now, "alice", refusal));
    CHECK(d.weight == kWhole);
    d.weights.clear();
    d.take(d.machine.tick(d.now += 200ms, d.bad()));
    CHECK(d.machine.state() == State::rolling_back);
    CHECK(d.weight == kWhole);
    d.take(d.machine.in_force(kWhole));
    CHECK_FALSE(d.machine.closed());
    d.pass(30s, Driver::with_good());
    CHECK(d.weight == kWhole / 2);
    d.pass(31s, Driver::with_good());
    CHECK(d.weight == 0);
    CHECK(std::is_sorted(d.weights.rbegin(), d.weights.rend()));
    CHECK(d.weights.size() == Machine::kReturnStages + 1);
    d.take(d.machine.in_force(0));
    CHECK(d.machine.closed());
}

namespace {

Plan watch_plan() {
    Plan plan = example_plan();
    plan.steps = {{Step::Kind::weight, kWhole, 5min}};
    plan.watch = true;
    return plan;
}

}  // namespace

TEST_CASE("a watch after a switch ends well by time alone where requests were counted, and badly on an alarm") {
    Driver well(watch_plan());
    well.take(well.machine.start(well.now, "ci"));
    CHECK(well.weight == kWhole);
    well.pass(5min + 1s, [](const Driver& d) {
        auto f = d.nothing();
        f.canary_asked = true;
        return f;
    });
    CHECK(well.machine.state() == State::succeeded);
    Driver badly(watch_plan());
    badly.take(badly.machine.start(badly.now, "ci"));
    badly.pass(1min, Driver::with_nothing());
    badly.take(badly.machine.tick(badly.now += 200ms, badly.bad()));
    CHECK(badly.weight == 0);
}

TEST_CASE("a watch that counted nothing ends inconclusive, lets the route go, and leaves the traffic") {
    Driver d(watch_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(5min + 1s, Driver::with_nothing());
    CHECK(d.machine.state() == State::inconclusive);
    CHECK(d.machine.why() == "no request came");
    CHECK(d.machine.closed());
    CHECK_FALSE(d.machine.active());
    CHECK_FALSE(d.machine.holds_route());
    CHECK(d.weight == kWhole);
    CHECK(d.weights.size() == 1);
    CHECK(d.announced.back() == "inconclusive");
    std::string refusal;
    CHECK(d.machine.abort(d.now, "alice", refusal).empty());
    CHECK(refusal == "cannot abort a rollout that is inconclusive and over");
    for (const auto wish : {&Machine::promote, &Machine::resume}) {
        refusal.clear();
        CHECK((d.machine.*wish)(d.now, "alice", refusal).empty());
        CHECK(refusal != "");
    }
    // It is over: nothing that comes later moves the traffic, and a restart does not take it up again.
    d.take(d.machine.tick(d.now += 200ms, d.bad()));
    CHECK(d.weight == kWhole);
    Driver back(watch_plan());
    back.take(back.machine.restore(d.journal, back.now));
    CHECK(back.machine.state() == State::inconclusive);
    CHECK(back.machine.closed());
    CHECK(back.weights.empty());
}

TEST_CASE("what a watch in vain leads to is the plan's choice as well") {
    Plan plan = watch_plan();
    plan.inconclusive = Plan::Inconclusive::rollback;
    Driver d(plan);
    d.take(d.machine.start(d.now, "ci"));
    d.pass(5min + 1s, Driver::with_nothing());
    CHECK(d.machine.state() == State::rolling_back);
    CHECK(d.weight == 0);
    plan.inconclusive = Plan::Inconclusive::promote_if_no_failures;  // where no request is sent, none fails
    Driver asked_nobody(plan);
    asked_nobody.take(asked_nobody.machine.start(asked_nobody.now, "ci"));
    asked_nobody.pass(5min + 1s, Driver::with_nothing());
    CHECK(asked_nobody.machine.state() == State::inconclusive);
}

TEST_CASE("the policy and the cap hold on every way into inconclusive") {
    struct Row {
        const char* way;
        Plan::Inconclusive policy;
        double extra;
        State state;
        Ppm weight;
    };
    using P = Plan::Inconclusive;
    // The cap of the plan is 30.
    for (const Row& row : {Row{"mismatch", P::pause, 29, State::inconclusive, 10'000},
                           Row{"mismatch", P::pause, 30, State::rolling_back, 0},
                           Row{"mismatch", P::rollback, 0, State::rolling_back, 0},
                           Row{"mismatch", P::promote_if_no_failures, 0, State::inconclusive, 10'000},
                           Row{"nobody there", P::pause, 0, State::inconclusive, 10'000},
                           Row{"nobody there", P::pause, 30, State::rolling_back, 0},
                           Row{"nobody there", P::rollback, 0, State::rolling_back, 0},
                           Row{"nobody there", P::promote_if_no_failures, 0, State::inconclusive, 10'000},
                           Row{"in vain", P::pause, 30, State::rolling_back, 0},
                           Row{"in vain", P::promote_if_no_failures, 30, State::rolling_back, 0},
                           Row{"stale", P::rollback, 0, State::rolling_back, 0},
                           Row{"stale", P::pause, 0, State::inconclusive, 10'000}}) {
        CAPTURE(row.way);
        CAPTURE(static_cast<int>(row.policy));
        CAPTURE(row.extra);
        Plan plan = example_plan();
        plan.inconclusive = row.policy;
        Driver d(plan);
        d.take(d.machine.start(d.now, "ci"));
        d.pass(62s, Driver::with_good());
        REQUIRE(d.weight == 10'000);
        const auto began = d.now;
        const std::string way = row.way;
        d.pass(11min, [&](const Driver& driver) {
            auto f = driver.nothing();
            f.canary_asked = true;
            f.extra_failures = row.extra;
            f.mismatch = way == "mismatch";
            if (way == "nobody there") f.hold = "no endpoint of green is usable";
            if (way == "stale") f.as_of = began;
            return f;
        });
        CHECK(d.machine.state() == row.state);
        CHECK(d.weight == row.weight);
        if (row.state == State::rolling_back) CHECK(d.journal.back().by == "policy");
    }
}

TEST_CASE("a step that is held does not bake, says why, and goes on when it is let go") {
    Driver d(example_plan());
    d.take(d.machine.start(d.now, "ci"));
    d.pass(62s, Driver::with_good());
    d.pass(20s, Driver::with_good());
    const auto baked = d.machine.baked();
    d.pass(5min, Driver::with_hold());
    CHECK(d.machine.step() == 1);
    CHECK(d.machine.baked() == baked);
    CHECK(d.machine.why() == "no endpoint of green is usable");
    d.pass(12s, Driver::with_good());
    CHECK(d.machine.step() == 2);
    // A watch does not end well while it is held, either.
    Driver watch(watch_plan());
    watch.take(watch.machine.start(watch.now, "ci"));
    watch.pass(4min, Driver::with_good());
    watch.pass(5min, Driver::with_hold());
    CHECK(watch.machine.state() == State::running);
}

TEST_CASE("until a rollback is in force it is rolling back: an abort takes the rest at once and lets the route go") {
    Plan plan = example_plan();
    plan.return_over = 60s;
    Driver d(plan);
    std::string refusal;
    d.take(d.machine.start(d.now, "ci"));
    for (int i = 0; i < 4; ++i) d.take(d.machine.promote(d.now, "ci", refusal));
    d.take(d.machine.tick(d.now += 200ms, d.bad()));
    d.pass(20s, Driver::with_good());
    REQUIRE(d.weight > 0);
    CHECK(d.machine.holds_route());
    CHECK(d.machine.promote(d.now, "alice", refusal).empty());
    CHECK(refusal == "cannot promote a rollout that is rolling_back");
    refusal.clear();
    d.take(d.machine.abort(d.now, "alice", refusal));
    CHECK(refusal.empty());
    CHECK(d.weight == 0);
    CHECK(d.machine.state() == State::aborted);
    CHECK_FALSE(d.machine.holds_route());
    CHECK_FALSE(d.machine.closed());  // the return is still wanted
    CHECK(d.machine.why().find("errors: 9.1 of 7.7") != std::string::npos);
    Driver back(plan);
    back.take(back.machine.restore(d.journal, back.now));
    CHECK_FALSE(back.machine.holds_route());
    CHECK(back.weight == 0);
    d.take(d.machine.in_force(0));
    CHECK(d.machine.closed());
    CHECK(d.machine.abort(d.now, "alice", refusal).empty());
    CHECK(refusal == "cannot abort a rollout that is aborted");
}
