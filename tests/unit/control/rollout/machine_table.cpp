// Every state against every event: what follows, and what is refused.
#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "tests/unit/control/rollout/driver.h"
#include "tests/unit/control/rollout/plans.h"

using namespace switchyard::control::rollout;
using namespace std::chrono_literals;

namespace {

// At step 2 (5 %) in the wanted state; the next step is the plan's pause.
Driver in(State state) {
    Driver d(example_plan());
    std::string refusal;
    d.take(d.machine.start(d.now, "ci"));
    d.take(d.machine.promote(d.now, "ci", refusal));
    d.take(d.machine.promote(d.now, "ci", refusal));
    switch (state) {
        case State::running:
            break;
        case State::paused:
            d.take(d.machine.pause("ci", refusal));
            break;
        case State::inconclusive:
            d.pass(12min, Driver::with_nothing());
            break;
        case State::rolling_back:
            d.take(d.machine.tick(d.now += 200ms, d.bad()));
            break;
        case State::rolled_back:
            d.take(d.machine.tick(d.now += 200ms, d.bad()));
            d.take(d.machine.in_force(0));
            break;
        case State::aborted:
            d.take(d.machine.abort(d.now, "ci", refusal));
            d.take(d.machine.in_force(0));
            break;
        case State::succeeded:
            for (int i = 0; i < 4; ++i) d.take(d.machine.promote(d.now, "ci", refusal));
            break;
    }
    REQUIRE(d.machine.state() == state);
    REQUIRE(refusal.empty());
    return d;
}

using Event = std::function<void(Driver&, std::string&)>;

const std::map<std::string, Event> kEvents{
    {"promote", [](Driver& d, std::string& r) { d.take(d.machine.promote(d.now, "ci", r)); }},
    {"pause", [](Driver& d, std::string& r) { d.take(d.machine.pause("ci", r)); }},
    {"resume", [](Driver& d, std::string& r) { d.take(d.machine.resume(d.now, "ci", r)); }},
    {"abort", [](Driver& d, std::string& r) { d.take(d.machine.abort(d.now, "ci", r)); }},
    {"good minute", [](Driver& d, std::string&) { d.pass(61s, Driver::with_good()); }},
    {"empty quarter of an hour", [](Driver& d, std::string&) { d.pass(15min, Driver::with_nothing()); }},
    {"alarm", [](Driver& d, std::string&) { d.take(d.machine.tick(d.now += 200ms, d.bad())); }},
    {"weight in force", [](Driver& d, std::string&) { d.take(d.machine.in_force(d.weight)); }},
    {"held quarter of an hour", [](Driver& d, std::string&) { d.pass(15min, Driver::with_hold()); }},
    {"mismatch", [](Driver& d, std::string&) { d.pass(1s, Driver::with_mismatch()); }},
};

struct Row {
    State from;
    const char* event;
    State to;
    Ppm weight;
    bool refused;
};

constexpr Ppm kFive = 50'000;
const Row kRows[] = {
    // The step after 5 % is the plan's pause: promoting arrives there.
    {State::running, "promote", State::paused, kFive, false},
    {State::running, "pause", State::paused, kFive, false},
    {State::running, "resume", State::running, kFive, true},
    {State::running, "abort", State::aborted, 0, false},
    {State::running, "good minute", State::paused, kFive, false},
    {State::running, "empty quarter of an hour", State::inconclusive, kFive, false},
    {State::running, "alarm", State::rolling_back, 0, false},
    {State::running, "weight in force", State::running, kFive, false},
    {State::paused, "promote", State::paused, kFive, false},
    {State::paused, "pause", State::paused, kFive, true},
    {State::paused, "resume", State::running, kFive, false},
    {State::paused, "abort", State::aborted, 0, false},
    {State::paused, "good minute", State::paused, kFive, false},
    {State::paused, "empty quarter of an hour", State::paused, kFive, false},
    {State::paused, "alarm", State::rolling_back, 0, false},
    {State::paused, "weight in force", State::paused, kFive, false},
    {State::inconclusive, "promote", State::paused, kFive, false},
    {State::inconclusive, "pause", State::inconclusive, kFive, true},
    {State::inconclusive, "resume", State::running, kFive, false},
    {State::inconclusive, "abort", State::aborted, 0, false},
    {State::inconclusive, "good minute", State::inconclusive, kFive, false},
    {State::inconclusive, "empty quarter of an hour", State::inconclusive, kFive, false},
    {State::inconclusive, "alarm", State::rolling_back, 0, false},
    {State::inconclusive, "weight in force", State::inconclusive, kFive, false},
    {State::succeeded, "promote", State::succeeded, kWhole, true},
    {State::succeeded, "pause", State::succeeded, kWhole, true},
    {State::succeeded, "resume", State::succeeded, kWhole, true},
    {State::succeeded, "abort", State::succeeded, kWhole, true},
    {State::succeeded, "good minute", State::succeeded, kWhole, false},
    {State::succeeded, "empty quarter of an hour", State::succeeded, kWhole, false},
    {State::succeeded, "alarm", State::succeeded, kWhole, false},
    {State::succeeded, "weight in force", State::succeeded, kWhole, false},
    {State::rolling_back, "promote", State::rolling_back, 0, true},
    {State::rolling_back, "pause", State::rolling_back, 0, true},
    {State::rolling_back, "resume", State::rolling_back, 0, true},
    {State::rolling_back, "abort", State::aborted, 0, false},
    {State::rolling_back, "good minute", State::rolling_back, 0, false},
    {State::rolling_back, "empty quarter of an hour", State::rolling_back, 0, false},
    {State::rolling_back, "alarm", State::rolling_back, 0, false},
    {State::rolling_back, "weight in force", State::rolled_back, 0, false},
    {State::running, "held quarter of an hour", State::inconclusive, kFive, false},
    {State::running, "mismatch", State::inconclusive, kFive, false},
    {State::paused, "held quarter of an hour", State::paused, kFive, false},
    {State::paused, "mismatch", State::paused, kFive, false},
    {State::inconclusive, "held quarter of an hour", State::inconclusive, kFive, false},
    {State::inconclusive, "mismatch", State::inconclusive, kFive, false},
    {State::succeeded, "held quarter of an hour", State::succeeded, kWhole, false},
    {State::succeeded, "mismatch", State::succeeded, kWhole, false},
    {State::rolling_back, "held quarter of an hour", State::rolling_back, 0, false},
    {State::rolling_back, "mismatch", State::rolling_back, 0, false},
    {State::rolled_back, "held quarter of an hour", State::rolled_back, 0, false},
    {State::rolled_back, "mismatch", State::rolled_back, 0, false},
    {State::aborted, "held quarter of an hour", State::aborted, 0, false},
    {State::aborted, "mismatch", State::aborted, 0, false},
    {State::rolled_back, "promote", State::rolled_back, 0, true},
    {State::rolled_back, "pause", State::rolled_back, 0, true},
    {State::rolled_back, "resume", State::rolled_back, 0, true},
    {State::rolled_back, "abort", State::rolled_back, 0, true},
    {State::rolled_back, "good minute", State::rolled_back, 0, false},
    {State::rolled_back, "empty quarter of an hour", State::rolled_back, 0, false},
    {State::rolled_back, "alarm", State::rolled_back, 0, false},
    {State::rolled_back, "weight in force", State::rolled_back, 0, false},
    {State::aborted, "promote", State::aborted, 0, true},
    {State::aborted, "pause", State::aborted, 0, true},
    {State::aborted, "resume", State::aborted, 0, true},
    {State::aborted, "abort", State::aborted, 0, true},
    {State::aborted, "good minute", State::aborted, 0, false},
    {State::aborted, "empty quarter of an hour", State::aborted, 0, false},
    {State::aborted, "alarm", State::aborted, 0, false},
    {State::aborted, "weight in force", State::aborted, 0, false},
};

}  // namespace

TEST_CASE("every state against every event") {
    CHECK(std::size(kRows) == 7 * kEvents.size());
    for (const Row& row : kRows) {
        CAPTURE(word(row.from));
        CAPTURE(row.event);
        Driver d = in(row.from);
        const std::size_t records = d.journal.size();
        std::string refusal;
        kEvents.at(row.event)(d, refusal);
        CHECK(d.machine.state() == row.to);
        CHECK(d.weight == row.weight);
        CHECK(d.machine.weight() == row.weight);
        CHECK(refusal.empty() != row.refused);
        if (row.refused) CHECK(d.journal.size() == records);  // a refused wish leaves no trace
    }
}
