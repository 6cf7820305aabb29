#include "control/rollout/runner/intake.h"

#include <algorithm>

namespace switchyard::control::rollout {

Intake::Intake(Places places)
    : places_(places),
      seen_(places.sticky ? std::make_unique<analysis::BucketCounts>() : nullptr),
      lasting_(std::make_unique<Lasting>()),
      reported_(places.workers, kNever),
      canary_latency_(std::make_unique<Histogram>()),
      baseline_latency_(std::make_unique<Histogram>()) {
    if (places.sticky && places.capped) lasting_->steady.emplace();
}

void Intake::end() {
    seen_.reset();
    lasting_->steady.reset();
    lasting_->failed.clear();
    for (auto& ledger : lasting_->slow) ledger.clear();
    for (auto& ledger : lasting_->answers) ledger.clear();
}

void Intake::freeze(const Histogram& baseline) {
    // Once frozen from enough, a step that knows less keeps the older thresholds.
    if (auto fresh = analysis::FrozenQuantiles::from(baseline)) lasting_->frozen = fresh;
}

void Intake::begin(Monotonic, const Histogram& baseline) {
    pending_ = {};
    if (seen_) seen_->clear();  // the sample ratio is a matter of each step; first failures are not
    canary_latency_->clear();
    baseline_latency_->clear();
    freeze(baseline);
    frozen_all_tick_ = frozen().has_value();
    settling_.clear();
    for (unsigned w = 0; w < places_.workers; ++w) settling_.insert(w);
}

void Intake::add_cell(const Cell& cell, analysis::ArmCounts& arm) const {
    arm.attempts += cell.attempts;
    arm.failures += cell.failures;
    for (std::size_t i = 0; i < kAnswerKinds; ++i) arm.answers[i] += cell.answers[i];
    if (frozen()) arm.twice_p90 += analysis::count_above(cell.first_byte, 2 * frozen()->microseconds(1));
    if (places_.p99_limit) arm.over_limit += analysis::count_above(cell.first_byte, *places_.p99_limit);
    if (frozen()) {
        const auto slow = frozen()->count(cell.first_byte);
        for (std::size_t i = 0; i < analysis::kLevels; ++i) arm.slow[i] += slow[i];
    }
}

void Intake::add_buckets(const FailedBuckets& buckets) {
    const analysis::BetNumber placed = lasting_->bets.number();
    for (const std::uint16_t bucket : buckets.canary)
        lasting_->failed.mark(bucket, placed, pending_.canary_first.failed);
    for (const std::uint16_t bucket : buckets.baseline)
        lasting_->failed.mark(bucket, placed, pending_.baseline_first.failed);
    for (const FailedBuckets::Sample& sample : buckets.samples) {
        analysis::FirstMarks& first = sample.canary ? pending_.canary_first : pending_.baseline_first;
        const auto asked = seen_->ask(sample.bucket, sample.canary);
        if (asked.first) ++first.seen;
        if (asked.paced) ++first.paced;
        if (const auto kind = static_cast<std::size_t>(sample.answer); kind < kAnswerKinds)
            lasting_->answers[kind].mark(sample.bucket, placed, first.answers[kind]);
        if (!frozen() || !warm_) continue;
        for (std::size_t i = 0; i < analysis::kLevels && frozen()->slow(i, sample.latency); ++i)
            lasting_->slow[i].mark(sample.bucket, placed, first.slow[i]), first.paced_slow[i] += asked.paced;
    }
}

// For the cap. Samples and failures of a report are lists of their own, so all of it is judged by what was known
// before.
void Intake::add_one_by_one(const FailedBuckets& buckets, analysis::SteadyBuckets& steady) {
    for (const FailedBuckets::Sample& sample : buckets.samples)
        if (steady.attempt(sample.bucket, sample.canary))
            ++(sample.canary ? pending_.canary_first : pending_.baseline_first).steady_attempts;
    for (const std::uint16_t bucket : buckets.canary)
        if (steady.fail(bucket, true)) ++pending_.canary_first.steady_failures;
    for (const std::uint16_t bucket : buckets.baseline)
        if (steady.fail(bucket, false)) ++pending_.baseline_first.steady_failures;
    for (const FailedBuckets::Sample& sample : buckets.samples) steady.learn(sample.bucket);
}

void Intake::add(const WorkerReport& report, Monotonic now) {
    if (report.worker >= reported_.size()) return;
    reported_[report.worker] = now;
    auto& [to, from] = under_way_[report.worker];
    to = from = 0;
    for (const InFlight& flight : report.in_flight) {
        if (flight.upstream == places_.to) to += flight.requests;
        if (flight.upstream == places_.from) from += flight.requests;
    }
    if (settling_.erase(report.worker) > 0) return;
    for (const CellDelta& delta : report.cells) {
        if (delta.route != places_.route) continue;
        if (delta.upstream == places_.to) {
            add_cell(*delta.cell, pending_.canary);
            canary_latency_->merge(delta.cell->first_byte);
            lasting_->canary_latency.merge(delta.cell->first_byte);
        }
        if (delta.upstream == places_.from) {
            add_cell(*delta.cell, pending_.baseline);
            baseline_latency_->merge(delta.cell->first_byte);
            lasting_->baseline_latency.merge(delta.cell->first_byte);
        }
    }
    for (const FailedBuckets& buckets : report.failed_buckets)
        if (seen_ && buckets.route == places_.route) {
            add_buckets(buckets);
            if (lasting_->steady) add_one_by_one(buckets, *lasting_->steady);
        }
    for (const EndpointFailures& failing : report.endpoint_failures)
        if (failing.route == places_.route) failing_[failing.endpoint] += failing.failures;
    // A rollout that starts without a past freezes its quantiles from its own first seconds.
    if (!frozen()) freeze(*baseline_latency_);
}

analysis::Tick Intake::take(double seconds, bool warm) {
    analysis::Tick tick = std::exchange(pending_, {});
    tick.seconds = seconds;
    // By the clock alone, and never inside a tick: what has been counted decides nothing.
    tick.placed = lasting_->bets.number();
    lasting_->bets.advance(seconds);
    tick.latency_counts = warm_ && frozen_all_tick_;
    if (frozen()) tick.old_p99 = static_cast<double>(frozen()->microseconds(analysis::kLevels - 1)) / 1e6;
    if (seen_) {
        tick.canary_users = seen_->effective(true), tick.baseline_users = seen_->effective(false);
        seen_->advance(seconds);
    }
    for (const auto& [worker, flight] : under_way_) {
        tick.canary_in_flight += flight.first;
        tick.baseline_in_flight += flight.second;
    }
    warm_ = warm;
    frozen_all_tick_ = frozen().has_value();
    return tick;
}

Monotonic Intake::as_of() const {
    if (!settling_.empty()) return kNever;
    return *std::min_element(reported_.begin(), reported_.end());
}

}  // namespace switchyard::control::rollout
