#include "control/analysis/speed_tests.h"

#include <algorithm>

namespace switchyard::control::analysis {

namespace {

ArmCounts seen_by(Speed speed, bool tail, ArmCounts arm) {
    if (speed == Speed::whole) {
        arm.attempts = arm.whole.asked, arm.slow = arm.whole.slow, arm.tail = arm.whole.tail;
        arm.twice_p90 = arm.whole.twice_p90;
    } else {
        const std::int64_t asked = static_cast<std::int64_t>(arm.attempts) + arm.early;
        arm.attempts = static_cast<std::uint64_t>(std::max<std::int64_t>(0, asked));
    }
    if (tail) arm.slow = {arm.tail};
    return arm;
}

FirstMarks seen_by(Speed speed, bool tail, FirstMarks first) {
    if (speed == Speed::whole) {
        first.slow = first.whole.slow, first.tail = first.whole.tail;
        first.paced = first.whole.paced;
        first.paced_slow = first.whole.paced_slow, first.paced_tail = first.whole.paced_tail;
    }
    if (tail) {
        first.slow = {first.tail};
        first.paced_slow = {first.paced_tail};
    }
    return first;
}

}  // namespace

Tick seen_by(Speed speed, bool tail, const Tick& tick) {
    Tick out = tick;
    out.canary = seen_by(speed, tail, tick.canary), out.baseline = seen_by(speed, tail, tick.baseline);
    out.canary_first = seen_by(speed, tail, tick.canary_first);
    out.baseline_first = seen_by(speed, tail, tick.baseline_first);
    return out;
}

SpeedTests::SpeedTests(const Settings& settings, const Budget& budget) {
    const auto add = [&](Speed speed, bool tail, const char* name, const auto& tolerate, const auto& parts) {
        all_.push_back({speed, tail, LatencyTests(name, tolerate, parts, settings)});
    };
    using Levels = std::array<double, kLevels>;
    add(Speed::head, false, "latency", settings.latency_tolerate, budget.latency);
    add(Speed::head, true, "latency_tail", Levels{settings.latency_tail}, Levels{budget.latency_tail});
    add(Speed::whole, false, "duration", settings.duration_tolerate, budget.duration);
    add(Speed::whole, true, "duration_tail", Levels{settings.duration_tail}, Levels{budget.duration_tail});
}

void SpeedTests::begin_step(bool sticky, bool by_rule, double share) {
    for (const Speed speed : {Speed::head, Speed::whole}) {
        Gathering& gathering = gathering_[static_cast<std::size_t>(speed)];
        if (const auto rest = gathering.rest(); rest && !sticky_) compare(speed, *rest);
        if (by_rule)
            gathering.begin_unpromised();
        else
            gathering.begin(share);
    }
    sticky_ = sticky;
    for (One& one : all_) one.tests.begin_step(sticky, share);
}

void SpeedTests::add(const Tick& tick) {
    if (sticky_) {
        for (One& one : all_) one.tests.add(seen_by(one.speed, one.tail, tick));
        return;
    }
    for (const Speed speed : {Speed::head, Speed::whole})
        if (const auto block = gathering_[static_cast<std::size_t>(speed)].add(seen_by(speed, false, tick)))
            compare(speed, *block);
}

// `block`: as this speed sees it already.
void SpeedTests::compare(Speed speed, const Tick& block) {
    for (One& one : all_)
        if (one.speed == speed) {
            Tick seen = block;
            if (one.tail) seen.canary.slow = {seen.canary.tail}, seen.baseline.slow = {seen.baseline.tail};
            one.tests.add(seen);
        }
}

void SpeedTests::add_late(const Late& late) {
    for (One& one : all_) {
        Late seen = late;
        seen.tick = seen_by(one.speed, one.tail, late.tick);
        one.tests.add_late(seen);
    }
}

std::optional<Alarm> SpeedTests::alarm() const {
    for (const One& one : all_)
        if (auto alarm = one.tests.alarm()) return alarm;
    return std::nullopt;
}

void SpeedTests::rows(std::vector<Row>& out) const {
    for (const One& one : all_) one.tests.rows(out);
}

}  // namespace switchyard::control::analysis
