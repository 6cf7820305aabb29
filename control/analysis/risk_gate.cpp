#include "control/analysis/risk_gate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchyard::control::analysis {

namespace {

constexpr double kSlot = 1.0;  // seconds of a slot, at least

// Standard errors, of the first window of a length.
constexpr double kAbove = 3.5;    // above 1, with an estimate beyond the tolerance
constexpr double kCertain = 4.0;  // beyond the tolerance
constexpr double kLikely = 1.0;   // the same, as it looks
// Two levels that agree are surer than one, if both hold enough marks to tell the tolerance from 1 by kTellsApart.
constexpr double kTogether = 2.2, kTellsApart = 4.5;
// Of the variance of whether a request is slow, so much is its user's.
constexpr double kOwn = 0.1;

double times_log(double seen, double expected) {
    return seen > 0.0 ? seen * std::log(seen / expected) : 0.0;
}

}  // namespace

void RiskGate::Slot::operator+=(const Slot& o) {
    seconds += o.seconds;
    canary_requests += o.canary_requests, canary_marks += o.canary_marks;
    baseline_requests += o.baseline_requests, baseline_marks += o.baseline_marks;
    above += o.above, below += o.below;
}

void RiskGate::Slot::close() {
    above = below = 0.0;
    if (!both()) return;
    const double share =
        static_cast<double>(canary_requests) / static_cast<double>(canary_requests + baseline_requests);
    above = static_cast<double>(canary_marks) * (1.0 - share);
    below = static_cast<double>(baseline_marks) * share;
}

void RiskGate::add(double seconds, BetNumber placed, const Arm& canary, const Arm& baseline) {
    if (!slots_.empty()) placed = std::max(placed, slots_.back().placed);  // a mark that comes late is told now
    const Slot fresh{seconds, placed, canary.requests, canary.marks, baseline.requests, baseline.marks};
    // A slot goes on until both arms have requests, so that little traffic is compared, too.
    if (!slots_.empty() && slots_.back().placed == placed &&
        (slots_.back().seconds + seconds <= kSlot || !slots_.back().both())) {
        slots_.back() += fresh;
    } else {
        slots_.push_back(fresh);
        if (slots_.size() > kFine + 1) {
            const auto old = slots_.end() - static_cast<std::ptrdiff_t>(kFine) - 1;
            if (const auto older = old - 1; older->placed == old->placed) *older += *old, slots_.erase(old);
        }
    }
    slots_.back().close();
    age_ += seconds;
    if (slots_.size() <= kSlots) return;
    age_ -= slots_.front().seconds;
    slots_.pop_front();
}

double RiskGate::Window::risk() const {
    if (all.canary_marks > 0 && all.below <= 0.0) return std::numeric_limits<double>::infinity();
    return all.below > 0.0 ? all.above / all.below : 1.0;
}

// The logarithm of a rate p of n requests has a variance of (1 - p) / (n p); users who differ add to it. The canary's
// rate is what it would be at that risk: of ten requests all may be slow.
double RiskGate::Window::error(double risk) const {
    static constexpr double kMostRate = 0.9, kLeastRate = 0.001;
    const double rate = static_cast<double>(all.baseline_marks) /
                        static_cast<double>(std::max<std::uint64_t>(1, all.baseline_requests));
    const auto variance = [](double chance, std::uint64_t marks, double users) {
        const double counted = (1.0 - chance) / std::max(0.5, static_cast<double>(marks));
        return users > 0.0 ? counted + kOwn * (1.0 - chance) / (std::max(kLeastRate, chance) * users) : counted;
    };
    return std::sqrt(variance(std::min(kMostRate, risk * rate), all.canary_marks, canary_users) +
                     variance(std::min(kMostRate, rate), all.baseline_marks, baseline_users));
}

// Of so many marks, the canary's part is a draw with chance q; their deviance is that of a Poisson law, and of marks
// that are not rare, or of users who differ, by a factor smaller or larger.
double RiskGate::Window::beyond(double tolerate) const {
    const auto canary = static_cast<double>(all.canary_marks), baseline = static_cast<double>(all.baseline_marks);
    if (all.canary_requests == 0 || all.baseline_requests == 0 || canary + baseline == 0.0) return 0.0;
    // What the arms' parts of the requests were, as the marks saw them.
    const double asked = canary > 0.0 && all.above > 0.0 && all.below > 0.0
                             ? canary / baseline * all.below / all.above
                             : static_cast<double>(all.canary_requests) / static_cast<double>(all.baseline_requests);
    const double q = tolerate * asked / (1.0 + tolerate * asked);
    const double both = canary + baseline;
    const double deviance = std::max(0.0, 2.0 * (times_log(canary, both * q) + times_log(baseline, both * (1.0 - q))));
    const double poisson = 1.0 / std::max(0.5, canary) + 1.0 / std::max(0.5, baseline);
    const double factor = std::pow(error(tolerate), 2) / poisson;
    return std::copysign(std::sqrt(deviance / factor), canary - both * q);
}

double RiskGate::bound(double errors, double seconds) const {
    return std::sqrt(errors * errors + 4.0 * std::log(std::max(1.0, age_ / seconds)));
}

// From the newest slot back, each window about twice as long as the one before; the first that opens reaches furthest.
template <class Opens>
RiskGate::Reach RiskGate::widen(Opens opens) const {
    double next = kSlot;
    double seconds = 0.0;
    for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot) {
        seconds += slot->seconds;
        const bool last = std::next(slot) == slots_.rend();
        if (opens(*slot, last || seconds >= next)) return slot->placed;
        if (seconds >= next) next = 2.0 * seconds;
    }
    return kNoReach;
}

RiskGate::Reach RiskGate::reach(double tolerate) const {
    // A slot goes on until both arms have requests: the baseline has got none, so there is nothing to hold a bet
    // by.
    if (slots_.size() == 1 && slots_.front().baseline_requests == 0 && slots_.front().canary_marks > 0)
        return slots_.front().placed;
    Window window = empty();
    return widen([&](const Slot& slot, bool whole) {
        window.all += slot;
        return whole && window.marked() && window.risk() > tolerate &&
               window.beyond(1.0) >= bound(kAbove, window.all.seconds);
    });
}

RiskGate::Reach RiskGate::passed(double tolerate, double errors) const {
    Window window = empty();
    return widen([&](const Slot& slot, bool whole) {
        window.all += slot;
        return whole && window.marked() && window.beyond(tolerate) >= bound(errors, window.all.seconds);
    });
}

RiskGate::Reach RiskGate::certain_reach(double tolerate) const {
    return passed(tolerate, kCertain);
}

bool RiskGate::likely_beyond(double tolerate) const {
    return passed(tolerate, kLikely) != kNoReach;
}

bool RiskGate::often() const {
    constexpr std::uint64_t kFewest = 5;  // marks: fewer are often, now and then, in a short window
    if (least_ <= 0.0) return true;
    Window window = empty();
    return widen([&](const Slot& slot, bool whole) {
               window.all += slot;
               return whole && window.all.canary_marks >= kFewest && window.marked();
           }) != kNoReach;
}

RiskGate::Reach RiskGate::joint_reach(const RiskGate& wide, double wide_tolerate, const RiskGate& narrow,
                                      double narrow_tolerate) {
    Window a = wide.empty(), b = narrow.empty();
    auto other = narrow.slots_.rbegin();
    return wide.widen([&](const Slot& slot, bool whole) {
        a.all += slot;
        if (other == narrow.slots_.rend()) return false;
        b.all += *other++;
        if (!whole || !a.marked() || !b.marked() || a.all.canary_marks == a.all.canary_requests) return false;
        const double by_wide = a.beyond(wide_tolerate), by_narrow = b.beyond(narrow_tolerate);
        if (by_wide <= 0.0 || by_narrow <= 0.0) return false;
        const auto rate = [](const Window& w) {
            return static_cast<double>(w.all.canary_marks) / static_cast<double>(w.all.canary_requests);
        };
        const double p = rate(a), q = rate(b);
        const double correlation = std::sqrt(q * (1.0 - p) / (p * (1.0 - q)));
        const bool enough = kTellsApart * a.error(wide_tolerate) <= std::log(wide_tolerate) &&
                            kTellsApart * b.error(narrow_tolerate) <= std::log(narrow_tolerate);
        return (by_wide + by_narrow) / std::sqrt(2.0 + 2.0 * correlation) >=
               wide.bound(enough ? kTogether : kCertain, a.all.seconds);
    });
}

double RiskGate::relative_risk() const {
    Window window = empty();
    for (const Slot& slot : slots_) window.all += slot;
    return window.risk();
}

}  // namespace switchyard::control::analysis
