#include "control/analysis/slo_guard.h"

#include <algorithm>
#include <cmath>

namespace switchyard::control::analysis {

namespace {
constexpr double kSlowShare = 0.01;  // what a p99 limit allows to be slower
}

SloGuard::SloGuard(const Settings& settings, const Budget& budget)
    : settings_(settings),
      threshold_(std::log(2.0 / budget.slo)),  // half for errors, half for the p99
      alpha_(budget.slo / 2.0),
      errors_(settings.failure_limit.value_or(kDefaultLimit)),
      slow_(kSlowShare) {}

void SloGuard::begin_step(double share) {
    share_ = share;
    step_ = {};
    baseline_quiet_ = 0.0;
    asked_since_ = false;
    if (share < kAlone) alone_ = false, while_alone_ = {};
}

void SloGuard::set_baseline(std::uint64_t failures, std::uint64_t attempts) {
    baseline_.failures = failures;
    baseline_.attempts = attempts;
}

double SloGuard::limit_alone() const {
    if (settings_.failure_limit) return *settings_.failure_limit;
    double limit = kDefaultLimit;
    if (baseline_.attempts >= kFewestForRate) {
        const double high = bernoulli_interval(baseline_.failures, baseline_.attempts, kCertain).high;
        limit = std::max(limit, std::max(1.0, settings_.errors_tolerate) * high);
    }
    return std::min(limit, 0.999);
}

double SloGuard::baseline_rate() const {
    const double rate = recent_.asked >= kFewestRecent ? recent_.failed / recent_.asked : 0.0;
    // Nothing acts by it, so a plain bound is enough; luck makes a step wait for a second.
    constexpr double kErrors = 3.0, kFewestFailed = 2.0;
    const double limit = limit_alone(), expected = limit * newest_.asked;
    const bool begun =
        newest_.failed >= kFewestFailed && newest_.failed > expected + kErrors * std::sqrt(expected * (1.0 - limit));
    return begun ? std::max(rate, newest_.failed / newest_.asked) : rate;
}

void SloGuard::Recent::add(const Tick& tick) {
    const double fade = std::exp(-tick.seconds / span);
    asked = asked * fade + static_cast<double>(tick.baseline.attempts);
    failed = failed * fade + static_cast<double>(tick.baseline.failures);
}

void SloGuard::add(const Tick& tick) {
    baseline_ += tick.baseline;
    step_ += tick.canary;
    recent_.add(tick), newest_.add(tick);
    // Quiet time passes in every tick: a canary that is asked twice a second is not asked in most of them.
    if (tick.baseline.attempts > 0)
        baseline_quiet_ = 0.0, asked_since_ = false;
    else if (asked_since_ = asked_since_ || tick.canary.attempts > 0; asked_since_)
        baseline_quiet_ += tick.seconds;
    const bool alone = share_ >= kAlone || baseline_quiet_ >= kQuiet;
    if (alone && !alone_ && !settings_.failure_limit) errors_ = BernoulliTest(limit_alone());
    if (!alone) while_alone_ = {};
    alone_ = alone;
    if (alone_) while_alone_ += tick.canary;
}

std::optional<Alarm> SloGuard::alarm() const {
    if (!alone_) return std::nullopt;
    const auto made = [&](const char* test, const BernoulliTest& by, std::uint64_t marks) {
        Alarm alarm;
        alarm.test = test;
        alarm.ln_e = by.log_evidence(marks, while_alone_.attempts);
        alarm.threshold = threshold_;
        alarm.canary_marks = marks;
        alarm.canary_asked = while_alone_.attempts;
        alarm.limit = by.limit(), alarm.share = share_;
        return alarm;
    };
    if (while_alone_.failures > 0 && errors_.above(while_alone_.failures, while_alone_.attempts, alpha_))
        return made("slo_errors", errors_, while_alone_.failures);
    if (settings_.p99_limit && while_alone_.over_limit > 0 &&
        slow_.above(while_alone_.over_limit, while_alone_.attempts, alpha_))
        return made("slo_p99", slow_, while_alone_.over_limit);
    return std::nullopt;
}

bool SloGuard::certified() const {
    if (!errors_.below(step_.failures, step_.attempts, kCertain)) return false;
    return !settings_.p99_limit || slow_.below(step_.over_limit, step_.attempts, kCertain);
}

bool SloGuard::slower_than_limit() const {
    return settings_.p99_limit && slow_.above(step_.over_limit, step_.attempts, kCertain);
}

void SloGuard::rows(std::vector<Row>& out) const {
    const auto signed_evidence = [&](const BernoulliTest& by, std::uint64_t marks) {
        // Evidence that the rate is below the limit is not evidence against the canary.
        const bool over = static_cast<double>(marks) > by.limit() * static_cast<double>(while_alone_.attempts);
        return over ? by.log_evidence(marks, while_alone_.attempts) : 0.0;
    };
    out.push_back({"slo_errors", signed_evidence(errors_, while_alone_.failures), threshold_, alone_, alone_});
    if (settings_.p99_limit)
        out.push_back({"slo_p99", signed_evidence(slow_, while_alone_.over_limit), threshold_, alone_, alone_});
}

}  // namespace switchyard::control::analysis
