#include "control/analysis/error_tests.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchyard::control::analysis {

namespace {

double threshold_for(double part) {
    return part > 0.0 ? std::log(1.0 / part) : std::numeric_limits<double>::infinity();
}

Restarts restarts_for(const Settings& settings) {
    Restarts restarts;
    restarts.horizon = settings.horizon;
    return restarts;
}

// Finer at the low end than the guarded grid: the cap is about regressions that the tolerance lets through.
const Grid kAnyGrid = log_spaced(1.1, 40.0);

}  // namespace

ErrorTests::ErrorTests(const Settings& settings, const Budget& budget)
    : threshold_(threshold_for(budget.errors)),
      extra_threshold_(threshold_for(budget.extra)),
      cap_(static_cast<double>(settings.max_extra_failures)),
      main_(std::max(1.0, settings.errors_tolerate), kFailureGrid, restarts_for(settings)),
      raw_(kRawGuard, kFailureGrid, restarts_for(settings)),
      any_(1.0, kAnyGrid, restarts_for(settings)),
      tiny_(kTinyCanary),
      tested_(settings.errors_tolerate > 0.0) {}

void ErrorTests::begin_step(bool sticky, double share) {
    sticky_ = sticky;
    share_ = share;
    promote_ = PromoteTest();
    promote_raw_ = PromoteTest();
}

void ErrorTests::add(const Tick& tick) {
    canary_ += tick.canary;
    baseline_ += tick.baseline;
    const std::uint64_t all = tick.canary.attempts + tick.baseline.attempts;
    const double seen = all > 0 ? static_cast<double>(tick.canary.attempts) / static_cast<double>(all) : 0.0;
    if (seen > 0.0 && seen < 1.0)
        extra_ += static_cast<double>(tick.canary.failures) -
                  static_cast<double>(tick.baseline.failures) * seen / (1.0 - seen);
    if (sticky_) {
        main_.add(tick.seconds, share_, tick.canary_first.failed, tick.baseline_first.failed);
        any_.add(tick.seconds, share_, tick.canary_first.failed, tick.baseline_first.failed);
        raw_.add(tick.seconds, seen, tick.canary.failures, tick.baseline.failures);
        promote_.add(share_, tick.canary_first.failed, tick.baseline_first.failed);
        promote_raw_.add(seen, tick.canary.failures, tick.baseline.failures);
        canary_first_ += tick.canary_first.failed;
        baseline_first_ += tick.baseline_first.failed;
    } else {
        main_.add(tick.seconds, seen, tick.canary.failures, tick.baseline.failures);
        any_.add(tick.seconds, seen, tick.canary.failures, tick.baseline.failures);
        promote_.add(seen, tick.canary.failures, tick.baseline.failures);
    }
}

bool ErrorTests::matters() const {
    if (canary_.failures < kFewestFailures) return false;
    const bool tiny = static_cast<double>(baseline_.failures) < kTinyBaseline * static_cast<double>(baseline_.attempts);
    constexpr double kSure = 0.05;
    return !tiny || tiny_.above(canary_.failures, canary_.attempts, kSure);
}

Alarm ErrorTests::make(const char* test, const ArmTest& by, double threshold, bool buckets) const {
    Alarm alarm;
    alarm.test = test;
    alarm.ln_e = by.log_evidence();
    alarm.threshold = threshold;
    alarm.canary_marks = buckets ? canary_first_ : canary_.failures;
    alarm.baseline_marks = buckets ? baseline_first_ : baseline_.failures;
    return alarm;
}

std::optional<Alarm> ErrorTests::alarm() const {
    // Cheap refusals first: this runs every tick.
    const bool worse = tested_ && main_.log_evidence() >= threshold_;
    const bool over_cap = cap_ > 0.0 && extra_ >= cap_ * kCapActsAt && any_.log_evidence() >= extra_threshold_;
    if (!(worse || over_cap) || !matters()) return std::nullopt;
    if (worse) return make("errors", main_, threshold_, sticky_);
    return make("extra_failures", any_, extra_threshold_, sticky_);
}

void ErrorTests::rows(std::vector<Row>& out) const {
    const bool near_cap = extra_ >= cap_ * kCapActsAt;
    if (tested_) out.push_back({"errors", main_.log_evidence(), threshold_, true, true});
    if (sticky_) out.push_back({"raw", raw_.log_evidence(), threshold_for(kRawFalseAlarm), false, true});
    if (cap_ > 0.0) out.push_back({"extra_failures", any_.log_evidence(), extra_threshold_, near_cap, near_cap});
}

double ErrorTests::promote_evidence() const {
    return sticky_ ? std::min(promote_.evidence(), promote_raw_.evidence()) : promote_.evidence();
}

}  // namespace switchyard::control::analysis
