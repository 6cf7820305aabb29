#include "control/analysis/latency_tests.h"

#include <cmath>
#include <limits>
#include <string>

namespace switchyard::control::analysis {

namespace {
constexpr double kWindow = 20.0;  // seconds; how far back the estimate of the relative risk reaches
}

LatencyTests::LatencyTests(const Settings& settings, const Budget& budget) {
    Restarts restarts;
    restarts.horizon = settings.horizon;
    for (std::size_t i = 0; i < kLevels; ++i) {
        const double tolerate = settings.latency_tolerate[i];
        const bool tested = tolerate > 0.0;
        const double threshold = tested ? std::log(2.0 / budget.latency[i]) : std::numeric_limits<double>::infinity();
        levels_.push_back({tested, tolerate, threshold, ArmTest(tested ? tolerate : 1.0, kSlownessGrid, restarts),
                           ArmTest(1.0, kSlownessGrid, restarts)});
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
    const double share = sticky_ ? share_ : seen;
    const double fade = std::exp(-tick.seconds / kWindow);
    for (std::size_t i = 0; i < kLevels; ++i) {
        Level& level = levels_[i];
        if (!level.tested) continue;
        const std::uint64_t canary = sticky_ ? tick.canary_first.slow[i] : tick.canary.slow[i];
        const std::uint64_t baseline = sticky_ ? tick.baseline_first.slow[i] : tick.baseline.slow[i];
        level.guarded.add(tick.seconds, share, canary, baseline);
        level.shift.add(tick.seconds, share, canary, baseline);
        level.canary_weight = level.canary_weight * fade + static_cast<double>(canary) * (1.0 - share);
        level.baseline_weight = level.baseline_weight * fade + static_cast<double>(baseline) * share;
        level.canary_marks += canary;
        level.baseline_marks += baseline;
    }
}

double LatencyTests::relative_risk(std::size_t i) const {
    const Level& level = levels_[i];
    if (level.baseline_weight > 0.0) return level.canary_weight / level.baseline_weight;
    return level.canary_weight > 0.0 ? std::numeric_limits<double>::infinity() : 1.0;
}

std::optional<Alarm> LatencyTests::alarm() const {
    for (std::size_t i = 0; i < kLevels; ++i) {
        const Level& level = levels_[i];
        if (!level.tested) continue;
        const bool guarded = level.guarded.log_evidence() >= level.threshold;
        const bool shift =
            !guarded && level.shift.log_evidence() >= level.threshold && relative_risk(i) >= level.tolerate;
        if (!guarded && !shift) continue;
        Alarm alarm;
        alarm.test = std::string("latency_") + kLevelNames[i] + (guarded ? "" : "_shift");
        alarm.ln_e = (guarded ? level.guarded : level.shift).log_evidence();
        alarm.threshold = level.threshold;
        alarm.canary_marks = level.canary_marks;
        alarm.baseline_marks = level.baseline_marks;
        return alarm;
    }
    return std::nullopt;
}

void LatencyTests::rows(std::vector<Row>& out) const {
    for (std::size_t i = 0; i < kLevels; ++i) {
        const Level& level = levels_[i];
        if (!level.tested) continue;
        const std::string name = std::string("latency_") + kLevelNames[i];
        const bool beyond = relative_risk(i) >= level.tolerate;
        out.push_back({name, level.guarded.log_evidence(), level.threshold, true, true});
        out.push_back({name + "_shift", level.shift.log_evidence(), level.threshold, beyond, beyond});
    }
}

}  // namespace switchyard::control::analysis
