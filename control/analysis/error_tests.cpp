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

CapTest::Arm counted(bool sticky, const ArmCounts& arm, const FirstMarks& marks) {
    return sticky ? CapTest::Arm{marks.steady_attempts, marks.steady_failures}
                  : CapTest::Arm{arm.attempts, arm.failures};
}

}  // namespace

ErrorTests::ErrorTests(const Settings& settings, const Budget& budget)
    : threshold_(threshold_for(budget.errors)),
      tolerate_(std::max(1.0, settings.errors_tolerate)),
      main_(tolerate_, kFailureGrid, settings.horizon, settings.sticky),
      raw_(kRawGuard, kFailureGrid, restarts_for(settings)),
      cap_(settings.max_extra_failures, threshold_for(budget.extra), settings.horizon),
      tiny_(kTinyCanary),
      tested_(settings.errors_tolerate > 0.0) {}

void ErrorTests::begin_step(bool sticky, double share) {
    sticky_ = sticky;
    share_ = share;
    promote_ = PromoteTest();
    promote_raw_ = PromoteTest();
}

void ErrorTests::add_first(const Tick& tick) {
    canary_ += tick.canary;
    baseline_ += tick.baseline;
    gate_.add(tick.seconds, tick.placed, {tick.canary.attempts, tick.canary.failures},
              {tick.baseline.attempts, tick.baseline.failures});
    main_.add_buckets(tick.placed, share_, tick.canary_first.failed, tick.baseline_first.failed);
    const std::uint64_t canary = tick.canary_first.failed.ever(), baseline = tick.baseline_first.failed.ever();
    promote_.add(share_, canary, baseline);
    canary_first_ += canary;
    baseline_first_ += baseline;
}

void ErrorTests::add(const Tick& block) {
    const std::uint64_t all = block.canary.attempts + block.baseline.attempts;
    const double seen = all > 0 ? static_cast<double>(block.canary.attempts) / static_cast<double>(all) : 0.0;
    add_extra(seen, block.canary.failures, block.baseline.failures);
    const auto canary = counted(sticky_, block.canary, block.canary_first);
    const auto baseline = counted(sticky_, block.baseline, block.baseline_first);
    cap_.add(block.seconds, canary, baseline);
    canary_counted_ += canary.failures;
    baseline_counted_ += baseline.failures;
    if (sticky_) {
        raw_.add(block.seconds, seen, block.canary.failures, block.baseline.failures);
        promote_raw_.add(seen, block.canary.failures, block.baseline.failures);
    } else {
        canary_ += block.canary;
        baseline_ += block.baseline;
        main_.add_requests(block.seconds, seen, block.canary.failures, block.baseline.failures);
        promote_.add(seen, block.canary.failures, block.baseline.failures);
    }
}

void ErrorTests::add_extra(double share, std::uint64_t canary, std::uint64_t baseline) {
    if (share <= 0.0 || share >= 1.0) return;
    extra_ += static_cast<double>(canary) - static_cast<double>(baseline) * share / (1.0 - share);
}

// As above, but for the promotion: that is a matter of the step.
void ErrorTests::add_late(const Late& late) {
    const Tick& tick = late.tick;
    const bool by_bucket = main_.sticky() && late.by_bucket();
    canary_ += tick.canary;
    baseline_ += tick.baseline;
    add_extra(late.sent, tick.canary.failures, tick.baseline.failures);
    const auto canary = counted(by_bucket, tick.canary, tick.canary_first).failures;
    const auto baseline = counted(by_bucket, tick.baseline, tick.baseline_first).failures;
    cap_.add(0.0, late.sent, canary, baseline);
    canary_counted_ += canary;
    baseline_counted_ += baseline;
    if (!by_bucket) return main_.add_requests(0.0, late.sent, tick.canary.failures, tick.baseline.failures);
    gate_.add(0.0, tick.placed, {tick.canary.attempts, tick.canary.failures},
              {tick.baseline.attempts, tick.baseline.failures});
    main_.add_buckets(tick.placed, late.share, tick.canary_first.failed, tick.baseline_first.failed);
    raw_.add(0.0, late.sent, tick.canary.failures, tick.baseline.failures);
    canary_first_ += tick.canary_first.failed.ever();
    baseline_first_ += tick.baseline_first.failed.ever();
}

bool ErrorTests::matters() const {
    if (canary_.failures < kFewestFailures) return false;
    const bool tiny = static_cast<double>(baseline_.failures) < kTinyBaseline * static_cast<double>(baseline_.attempts);
    constexpr double kSure = 0.05;
    return !tiny || tiny_.above(canary_.failures, canary_.attempts, kSure);
}

bool ErrorTests::worse() const {
    return tested_ && main_.passed(threshold_, MarkTest::Gated::buckets, [this] { return gate_.reach(tolerate_); });
}

std::optional<Alarm> ErrorTests::alarm() const {
    // Cheap refusals first: this runs every tick.
    const bool worse = this->worse();
    if (!(worse || cap_.alarmed()) || !matters()) return std::nullopt;
    Alarm alarm;
    alarm.test = worse ? "errors" : "extra_failures";
    alarm.ln_e = worse ? main_.log_evidence() : cap_.log_evidence();
    alarm.threshold = worse ? threshold_ : cap_.threshold();
    alarm.canary_marks = !worse ? canary_counted_ : sticky_ ? canary_first_ : canary_.failures;
    alarm.baseline_marks = !worse ? baseline_counted_ : sticky_ ? baseline_first_ : baseline_.failures;
    return alarm;
}

void ErrorTests::rows(std::vector<Row>& out) const {
    if (tested_) {
        const bool gated = main_.log_evidence() >= threshold_ && !worse();
        out.push_back({"errors", main_.log_evidence(), threshold_, !gated, !gated, gated});
    }
    if (sticky_) out.push_back({"raw", raw_.log_evidence(), threshold_for(kRawFalseAlarm), false, true});
    if (cap_.on()) out.push_back({"extra_failures", cap_.log_evidence(), cap_.threshold(), cap_.near(), cap_.near()});
}

double ErrorTests::promote_evidence() const {
    return sticky_ ? std::min(promote_.evidence(), promote_raw_.evidence()) : promote_.evidence();
}

}  // namespace switchyard::control::analysis
