#include "control/analysis/risk_gate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchyard::control::analysis {

namespace {
constexpr double kSlot = 1.0;  // seconds of a slot, at least
}

void RiskGate::Slot::operator+=(const Slot& o) {
    seconds += o.seconds;
    canary_requests += o.canary_requests, canary_marks += o.canary_marks;
    baseline_requests += o.baseline_requests, baseline_marks += o.baseline_marks;
}

void RiskGate::add(double seconds, BetNumber placed, const Arm& canary, const Arm& baseline) {
    const Slot fresh{seconds, placed, canary.requests, canary.marks, baseline.requests, baseline.marks};
    // A slot goes on until both arms have requests, so that little traffic is compared, too.
    if (!slots_.empty() && slots_.back().placed == placed &&
        (slots_.back().seconds + seconds <= kSlot || !slots_.back().both()))
        slots_.back() += fresh;
    else
        slots_.push_back(fresh);
    if (slots_.size() > kSlots) slots_.pop_front();
}

RiskGate::Look RiskGate::look(BetNumber since, std::uint64_t enough_canary) const {
    Look out;
    out.canary_users = canary_users_, out.baseline_users = baseline_users_;
    double seconds = 0.0;
    for (auto slot = slots_.rbegin(); slot != slots_.rend() && slot->placed >= since; ++slot) {
        if (seconds >= kWindow && out.canary_marks + out.baseline_marks >= kEnough && out.canary_marks >= enough_canary)
            break;
        seconds += slot->seconds;
        out.canary_marks += slot->canary_marks, out.baseline_marks += slot->baseline_marks;
        if (!slot->both()) continue;
        const double share = static_cast<double>(slot->canary_requests) /
                             static_cast<double>(slot->canary_requests + slot->baseline_requests);
        out.above += static_cast<double>(slot->canary_marks) * (1.0 - share);
        out.below += static_cast<double>(slot->baseline_marks) * share;
    }
    return out;
}

double RiskGate::Look::risk() const {
    if (canary_marks > 0 && (baseline_marks == 0 || below <= 0.0)) return std::numeric_limits<double>::infinity();
    return below > 0.0 ? above / below : 1.0;
}

double RiskGate::Look::low(double errors) const {
    const auto known_from = [](std::uint64_t marks, double users) {
        const auto counted = static_cast<double>(marks);
        return users > 0.0 ? std::min(counted, users) : counted;
    };
    if (baseline_marks == 0 || canary_marks == 0) return risk();
    return risk() * std::exp(-errors * std::sqrt(1.0 / known_from(canary_marks, canary_users) +
                                                 1.0 / known_from(baseline_marks, baseline_users)));
}

bool RiskGate::beyond(double tolerate, BetNumber since) const {
    const Look seen = look(since, 0);
    if (seen.canary_marks >= kEnoughCanary && seen.canary_marks + seen.baseline_marks >= kEnough)
        return seen.risk() > tolerate;
    return seen.low(kFewBound) > 1.0;
}

bool RiskGate::certainly_beyond(double tolerate, BetNumber since) const {
    const double wanted = kWithin / std::log(std::max(tolerate, kLeastTolerance));
    const auto enough = static_cast<std::uint64_t>(wanted * wanted);
    const Look seen = look(since, enough);
    return seen.low(seen.canary_marks < enough ? kFewCertain : kCertain) > tolerate;
}

}  // namespace switchyard::control::analysis
