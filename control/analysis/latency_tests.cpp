#include "control/analysis/latency_tests.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace switchyard::control::analysis {

LatencyTests::LatencyTests(std::string name, const std::array<double, kLevels>& tolerate,
                           const std::array<double, kLevels>& parts, const Settings& settings)
    : name_(std::move(name)) {
    const bool tail = name_.ends_with("_tail");
    for (std::size_t i = 0; i < kLevels; ++i) {
        const bool tested = tolerate[i] > 0.0;
        const double least = tail || !tested ? 0.0 : std::pow(tolerate[i], kNearly) * (1.0 - kLevelQuantiles[i]);
        const double threshold = tested ? std::log(2.0 / parts[i]) : std::numeric_limits<double>::infinity();
        levels_.push_back({tested, tolerate[i], threshold,
                           MarkTest(tested ? tolerate[i] : 1.0, kSlownessGrid, settings.horizon, settings.sticky),
                           MarkTest(1.0, kSlownessGrid, settings.horizon, settings.sticky), RiskGate(least)});
    }
}

std::string LatencyTests::test_name(std::size_t level) const {
    return name_.ends_with("_tail") ? name_ : name_ + "_" + kLevelNames[level];
}

void LatencyTests::begin_step(bool sticky, double share) {
    sticky_ = sticky;
    share_ = share;
}

void LatencyTests::add(const Tick& tick) {
    if (!tick.latency_counts) return;
    const std::uint64_t all = tick.canary.attempts + tick.baseline.attempts;
    const double seen = all > 0 ? static_cast<double>(tick.canary.attempts) / static_cast<double>(all) : 0.0;
    for (std::size_t i = 0; i < kLevels; ++i) {
        Level& level = levels_[i];
        if (!level.tested) continue;
        if (sticky_)
            level.add_buckets(i, tick, share_);
        else
            level.add_requests(i, tick, seen);
        level.count(i, tick);
    }
}

void LatencyTests::add_late(const Late& late) {
    if (!late.tick.latency_counts) return;
    for (std::size_t i = 0; i < kLevels; ++i) {
        Level& level = levels_[i];
        if (!level.tested) continue;
        if (level.guarded.sticky() && late.by_bucket())
            level.add_buckets(i, late.tick, late.share);
        else
            level.add_requests(i, late.tick, late.sent);
        level.count(i, late.tick);
    }
}

void LatencyTests::Level::add_buckets(std::size_t level, const Tick& tick, double share) {
    const FreshMarks &canary = tick.canary_first.slow[level], &baseline = tick.baseline_first.slow[level];
    guarded.add_buckets(tick.placed, share, canary, baseline);
    shift.add_buckets(tick.placed, share, canary, baseline);
    gate.users(tick.canary_users, tick.baseline_users);
    gate.add(tick.seconds, tick.placed, {tick.canary_first.paced, tick.canary_first.paced_slow[level]},
             {tick.baseline_first.paced, tick.baseline_first.paced_slow[level]});
}

void LatencyTests::Level::add_requests(std::size_t level, const Tick& tick, double share) {
    guarded.add_requests(tick.seconds, share, tick.canary.slow[level], tick.baseline.slow[level]);
    shift.add_requests(tick.seconds, share, tick.canary.slow[level], tick.baseline.slow[level]);
    gate.users(0.0, 0.0);
    gate.add(tick.seconds, tick.placed, {tick.canary.attempts, tick.canary.slow[level]},
             {tick.baseline.attempts, tick.baseline.slow[level]});
}

void LatencyTests::Level::count(std::size_t level, const Tick& tick) {
    canary_marks += tick.canary.slow[level];
    baseline_marks += tick.baseline.slow[level];
    canary_asked += tick.canary.attempts;
    baseline_asked += tick.baseline.attempts;
}

bool LatencyTests::Level::guarded_passed() const {
    return guarded.passed(threshold, MarkTest::Gated::buckets, [this] { return gate.reach(tolerate); }) && gate.often();
}

// By itself, or with the level next to it: what is slower is so at more than one.
RiskGate::Reach LatencyTests::certain_reach(std::size_t level) const {
    const Level& it = levels_[level];
    const auto with = [&](std::size_t wide, std::size_t narrow) {
        const Level &a = levels_[wide], &b = levels_[narrow];
        return a.tested && b.tested ? RiskGate::joint_reach(a.gate, a.tolerate, b.gate, b.tolerate)
                                    : RiskGate::kNoReach;
    };
    RiskGate::Reach reach = it.gate.certain_reach(it.tolerate);
    if (level > 0) reach = std::max(reach, with(level - 1, level));
    if (level + 1 < levels_.size()) reach = std::max(reach, with(level, level + 1));
    return reach;
}

bool LatencyTests::shift_passed(std::size_t level) const {
    return levels_[level].shift.passed(levels_[level].threshold, MarkTest::Gated::all,
                                       [&] { return certain_reach(level); });
}

std::optional<Alarm> LatencyTests::alarm() const {
    for (std::size_t i = 0; i < kLevels; ++i) {
        const Level& level = levels_[i];
        if (!level.tested) continue;
        const bool guarded = level.guarded_passed();
        const bool shift = !guarded && shift_passed(i);
        if (!guarded && !shift) continue;
        Alarm alarm;
        alarm.test = test_name(i) + (guarded ? "" : "_shift");
        alarm.ln_e = (guarded ? level.guarded : level.shift).log_evidence();
        alarm.threshold = level.threshold;
        alarm.canary_marks = level.canary_marks;
        alarm.baseline_marks = level.baseline_marks;
        alarm.canary_asked = level.canary_asked;
        alarm.baseline_asked = level.baseline_asked;
        return alarm;
    }
    return std::nullopt;
}

void LatencyTests::rows(std::vector<Row>& out) const {
    for (std::size_t i = 0; i < kLevels; ++i) {
        const Level& level = levels_[i];
        if (!level.tested) continue;
        const std::string name = test_name(i);
        const double guarded = level.guarded.log_evidence(), shift = level.shift.log_evidence();
        const bool held = guarded >= level.threshold && !level.guarded_passed();
        out.push_back({name, guarded, level.threshold, !held, !held, held});
        // The shift acts only beyond the tolerance for certain, whatever its evidence. What is slower, and beyond the
        // tolerance as it looks, waits until it is known.
        const bool beyond = certain_reach(i) >= 0;
        const bool holds = beyond || level.gate.likely_beyond(level.tolerate);
        out.push_back(
            {name + "_shift", shift, level.threshold, beyond, holds, shift >= level.threshold && !shift_passed(i)});
    }
}

}  // namespace switchyard::control::analysis
