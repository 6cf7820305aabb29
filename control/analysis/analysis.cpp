#include "control/analysis/analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace switchyard::control::analysis {

Analysis::Analysis(const Settings& settings)
    : budget_(Budget::of(settings)),
      errors_(settings, budget_),
      speeds_(settings, budget_),
      slo_(settings, budget_),
      answers_(settings),
      latency_alone_(settings.latency_tolerate),
      duration_alone_(settings.duration_tolerate),
      ratio_checked_(settings.check_sample_ratio) {}

void Analysis::begin_step(Assignment assignment, double share) {
    if (const auto rest = gathering_.rest()) compare(*rest);
    assignment_ = assignment;
    const bool sticky = assignment == Assignment::sticky;
    errors_.begin_step(sticky, share);
    speeds_.begin_step(sticky, assignment == Assignment::by_rule, share);
    slo_.begin_step(share);
    answers_.begin_step(sticky, share);
    waiting_.begin_step();
    ratio_.begin(ratio_checked_ && assignment != Assignment::by_rule ? share : 0.0);
    if (assignment == Assignment::by_rule)
        gathering_.begin_unpromised();
    else
        gathering_.begin(share);
    step_canary_ = step_baseline_ = {};
}

void Analysis::add(const Tick& tick) {
    canary_ += tick.canary;
    baseline_ += tick.baseline;
    step_canary_ += tick.canary;
    step_baseline_ += tick.baseline;
    if (assignment_ == Assignment::sticky) {
        errors_.add_first(tick);
        answers_.add_first(tick);
    }
    if (const auto block = gathering_.add(tick)) compare(*block);
    speeds_.add(tick);
    slo_.add(tick);
    waiting_.add(tick);
    latency_alone_.add(seen_by(Speed::head, false, tick), slo_.alone());
    duration_alone_.add(seen_by(Speed::whole, false, tick), slo_.alone());
    last_twenty_.add(tick, assignment_ == Assignment::sticky);
    if (assignment_ == Assignment::sticky)
        ratio_.add(tick.canary_first.seen, tick.baseline_first.seen);
    else if (assignment_ == Assignment::per_request)
        ratio_.add(tick.canary.attempts, tick.baseline.attempts);
    ratio_.under_way(tick.canary_in_flight, tick.baseline_in_flight);
    judge();
}

void Analysis::add_late(const Late& late) {
    canary_ += late.tick.canary;
    baseline_ += late.tick.baseline;
    errors_.add_late(late);
    speeds_.add_late(late);
    answers_.add_late(late);
    slo_.add_late(late.tick);
    judge();
}

void Analysis::judge() {
    if (alarm_) return;
    alarm_ = errors_.alarm();
    if (!alarm_) alarm_ = speeds_.alarm();
    if (!alarm_) alarm_ = slo_.alarm();
    if (!alarm_ && answers_.rolls_back()) alarm_ = answers_.found();
    for (const auto& [name, alone] :
         {std::pair{"latency_alone", &latency_alone_}, {"duration_alone", &duration_alone_}}) {
        if (alarm_ || !alone->alarmed()) continue;
        alarm_.emplace();
        alarm_->test = name;
        alarm_->canary_marks = alone->slow(), alarm_->canary_asked = alone->asked();
    }
    if (!alarm_ && last_twenty_.alarmed()) {
        alarm_.emplace();
        alarm_->test = "last_twenty";
        alarm_->canary_marks = alarm_->canary_asked = last_twenty_.in_a_row();
    }
    if (alarm_) alarm_->canary = canary_, alarm_->baseline = baseline_;
}

void Analysis::compare(const Tick& block) {
    errors_.add(block);
    answers_.add(block);
}

std::string Analysis::alone_refused() const {
    const double rate = slo_.baseline_rate(), limit = slo_.limit_alone();
    if (rate <= limit) return {};
    return fmt::format("the old release fails {:.3g} % itself, and alone the new one may fail {:.3g} %", 100.0 * rate,
                       100.0 * limit);
}

bool Analysis::mismatch() const {
    return ratio_.log_evidence() >= std::log(1.0 / kMismatchAlpha);
}

Promotion Analysis::promotion() const {
    if (alarm_) return {false, fmt::format("{} has raised the alarm", alarm_->test)};
    if (answers_.found()) return {false, answers_.found()->test + " holds the step"};
    if (mismatch()) return {false, "the split does not deliver its shares (sample ratio)"};
    for (const Row& row : rows())
        if (row.holds && row.ln_e >= kSuspicion * row.threshold)
            return {false,
                    row.gated
                        ? row.test + " is suspicious: worse for certain, and by more than is tolerated as it looks"
                        : fmt::format("{} is suspicious: {:.0f} % of the way to an alarm", row.test,
                                      100.0 * row.ln_e / row.threshold)};
    if (assignment_ == Assignment::by_rule) {
        if (step_canary_.attempts < kFewestByRule)
            return {false, fmt::format("{} of {} requests by rule", step_canary_.attempts, kFewestByRule),
                    kFewestByRule - step_canary_.attempts};
        if (step_canary_.failures > 0)
            return {false,
                    fmt::format("{} of {} requests by rule failed", step_canary_.failures, step_canary_.attempts)};
        return {true, fmt::format("{} requests by rule, none failed", step_canary_.attempts)};
    }
    if (step_canary_.attempts < kFewestCanaryRequests)
        return {false,
                fmt::format("{} of {} canary requests in this step", step_canary_.attempts, kFewestCanaryRequests),
                kFewestCanaryRequests - step_canary_.attempts};
    if (const auto waiting = waiting_.too_many(); waiting > 0)
        return {false, fmt::format("{} requests to the canary wait for longer than the old p99", waiting)};
    if (slo_.slower_than_limit()) return {false, "the canary's p99 is beyond its absolute limit"};
    if (slo_.certified())
        return {true, fmt::format("failure rate below {:.3g} % at 95 %", 100.0 * slo_.failure_limit())};
    if (errors_.promote_evidence() >= 1.0 / kPromoteAlpha)
        return {true, fmt::format("less than {} times the baseline's failures at 95 %", PromoteTest::kLimit)};
    const double part = promote_log_evidence() / std::log(1.0 / kPromoteAlpha);
    return {false,
            fmt::format("not enough evidence yet: {:.0f} % of the way to less than {} times the baseline's "
                        "failures{}, and the failure rate is not below {:.3g} % for certain",
                        100.0 * std::clamp(part, 0.0, 1.0), PromoteTest::kLimit,
                        part < -kSuspicion ? " (what there is speaks against it)" : "", 100.0 * slo_.failure_limit())};
}

double Analysis::promote_log_evidence() const {
    return std::log(errors_.promote_evidence());
}

std::vector<Row> Analysis::rows() const {
    std::vector<Row> out;
    errors_.rows(out);
    speeds_.rows(out);
    slo_.rows(out);
    answers_.rows(out);
    out.push_back({"sample_ratio", ratio_.log_evidence(), std::log(1.0 / kMismatchAlpha), false, true});
    return out;
}

}  // namespace switchyard::control::analysis
