#include "control/analysis/latency_tests.h"

#include <cmath>
#include <limits>
#include <string>

namespace switchyard::control::analysis {

LatencyTests::LatencyTests(const Settings& settings, const Budget& budget) {
    for (std::size_t i = 0; i < kLevels; ++i) {
        const double tolerate = settings.latency_tolerate[i];
        const bool tested = tolerate > 0.0;
        const double threshold = tested ? std::log(2.0 / budget.latency[i]) : std::numeric_limits<double>::infinity();
        levels_.push_back({tested,
                           tolerate,
                           threshold,
                           MarkTest(tested ? tolerate : 1.0, kSlownessGrid, settings.horizon, settings.sticky),
                           MarkTest(1.0, kSlownessGrid, settings.horizon, settings.sticky),
                           {}});
    }
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
    return guarded.passed(threshold, [this](BetNumber since) { return since == 0 || gate.beyond(tolerate, since); });
}

bool LatencyTests::Level::shift_passed() const {
    return shift.passed(threshold, [this](BetNumber since) { return gate.certainly_beyond(tolerate, since); });
}

std::optional<Alarm> LatencyTests::alarm() const {
    for (std::size_t i = 0; i < kLevels; ++i) {
        const Level& level = levels_[i];
        if (!level.tested) continue;
        const bool guarded = level.guarded_passed();
        const bool shift = !guarded && level.shift_passed();
        if (!guarded && !shift) continue;
        Alarm alarm;
        alarm.test = std::string("latency_") + kLevelNames[i] + (guarded ? "" : "_shift");
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
        const std::string name = std::string("latency_") + kLevelNames[i];
        const double guarded = level.guarded.log_evidence(), shift = level.shift.log_evidence();
        const bool held = guarded >= level.threshold && !level.guarded_passed();
        out.push_back({name, guarded, level.threshold, !held, !held, held});
        // The shift is suspicious only beyond the tolerance, whatever its evidence.
        const bool beyond = level.gate.certainly_beyond(level.tolerate, 0);
        out.push_back({name + "_shift", shift, level.threshold, beyond, beyond,
                       shift >= level.threshold && !level.shift_passed()});
    }
}

}  // namespace switchyard::control::analysis
