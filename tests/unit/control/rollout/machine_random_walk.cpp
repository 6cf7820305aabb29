// A seeded random walk against the invariants of the header.
#include <doctest/doctest.h>

#include <random>

#include "tests/unit/control/rollout/driver.h"
#include "tests/unit/control/rollout/plans.h"

using namespace switchyard::control::rollout;
using namespace std::chrono_literals;

namespace {

enum class Act { wait, wait_good, wait_stale, alarm, promote, pause, resume, abort, in_force, crash, jump };

struct Walk {
    explicit Walk(std::uint64_t seed, Plan plan) : random(seed), driver(std::move(plan)) {
        driver.take(driver.machine.start(driver.now, "ci"));
    }

    Act pick() {
        // Ends are rare, so that most walks get far.
        static const std::vector<double> odds{10, 10, 4, .15, 3, 3, 3, .1, 3, 2, 2};
        return static_cast<Act>(std::discrete_distribution<int>(odds.begin(), odds.end())(random));
    }

    void crash() {
        // Everything in memory is gone, and sometimes the last weight was decided but never published.
        Driver back(driver.machine.plan());
        back.journal = driver.journal;
        back.weight = driver.weight;
        if (driver.weights.size() > 1 && random() % 4 == 0) back.weight = driver.weights[driver.weights.size() - 2];
        back.now = Monotonic{static_cast<long>(random() % 1'000'000)};
        back.take(back.machine.restore(driver.journal, back.now));
        driver = back;
    }

    void act(Act a) {
        std::string refusal;
        const auto time = std::chrono::milliseconds(200 * (1 + random() % 600));
        switch (a) {
            case Act::wait:
                return driver.pass(time, Driver::with_nothing());
            case Act::wait_good:
                return driver.pass(time, Driver::with_good());
            case Act::wait_stale:
                return driver.pass(time, [](const Driver& d) {
                    auto f = d.good();
                    f.as_of = d.now - 3s;
                    return f;
                });
            case Act::alarm:
                return driver.take(driver.machine.tick(driver.now += 200ms, driver.bad()));
            case Act::promote:
                return driver.take(driver.machine.promote(driver.now, "p", refusal));
            case Act::pause:
                return driver.take(driver.machine.pause("p", refusal));
            case Act::resume:
                return driver.take(driver.machine.resume(driver.now, "p", refusal));
            case Act::abort:
                return driver.take(driver.machine.abort(driver.now, "p", refusal));
            case Act::in_force:
                return driver.take(driver.machine.in_force(driver.weight));
            case Act::crash:
                return crash();
            case Act::jump:
                driver.now += std::chrono::hours(static_cast<long>(random() % 100) - 50);
                return driver.take(driver.machine.tick(driver.now, driver.nothing()));
        }
    }

    std::mt19937_64 random;
    Driver driver;
};

}  // namespace

TEST_CASE("whatever happens in whatever order, the invariants hold") {
    int ended_well = 0, rolled_back = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Plan plan = example_plan();
        if (seed % 3 == 0) plan.return_over = 30s;
        if (seed % 5 == 0) plan.patience = 24h * 10;
        Walk walk(seed, plan);
        for (int i = 0; i < 60; ++i) {
            const State before = walk.driver.machine.state();
            const Ppm weight = walk.driver.machine.weight();
            const Act act = walk.pick();
            walk.act(act);
            const Machine& m = walk.driver.machine;
            CAPTURE(seed);
            CAPTURE(i);
            CAPTURE(static_cast<int>(act));
            CAPTURE(word(before));
            if (m.weight() > weight) {
                // Only evidence, or a person.
                const bool person = act == Act::promote || act == Act::resume;
                const bool evidence = act == Act::wait_good && before == State::running;
                REQUIRE((person || evidence));
                REQUIRE(active(before));
            }
            if (!active(before) && before != State::rolling_back && act != Act::crash) REQUIRE(m.state() == before);
            if (before == State::rolling_back)  // an end is an end, but for who has the last word
                REQUIRE((m.state() == before || m.state() == State::rolled_back || m.state() == State::aborted));
            if (m.returning() && act != Act::crash && !active(before)) REQUIRE(m.weight() <= weight);
            if (m.state() == State::rolling_back && plan.return_over.count() == 0) REQUIRE(m.weight() == 0);
            if (m.state() == State::rolled_back) REQUIRE((m.closed() && m.weight() == 0));
            if (!m.closed()) REQUIRE(walk.driver.weight == m.weight());
            REQUIRE(m.weight() <= kWhole);
            REQUIRE(m.step() < plan.steps.size());
            REQUIRE(walk.driver.journal.front().kind == Record::Kind::started);
        }
        ended_well += walk.driver.machine.state() == State::succeeded;
        rolled_back +=
            walk.driver.machine.state() == State::rolled_back || walk.driver.machine.state() == State::rolling_back;
    }
    CHECK(ended_well > 20);  // the walk does reach both ends
    CHECK(rolled_back > 20);
}
