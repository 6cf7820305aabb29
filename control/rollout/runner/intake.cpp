#include "control/rollout/runner/intake.h"

#include <algorithm>
#include <utility>

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

// What it sent and has not ended yet will be judged by what it sent in all.
void Intake::close_step() {
    double to = static_cast<double>(sent_to_), all = to + static_cast<double>(sent_from_);
    for (const auto& [worker, flight] : under_way_) {
        to += static_cast<double>(flight.step_to);
        all += static_cast<double>(flight.step_to + flight.step_from);
    }
    Former former{*step_, {}, false};
    former.late.share = step_->share;
    former.late.sent = all > 0.0 ? to / all : step_->share;
    former_.push_back(std::move(former));
}

void Intake::begin(Monotonic, const Histogram& baseline, Routed routed) {
    // A pause leaves the weight where it is: the step after it goes on with the same requests.
    if (step_ && routed.since > step_->since) close_step();
    step_ = routed;
    newest_ = std::max(newest_, routed.since);
    closed_after_ = kOpen;
    sent_to_ = sent_from_ = 0;
    pending_ = {};
    if (seen_) seen_->clear();  // the sample ratio is a matter of each step; first failures are not
    canary_latency_->clear();
    baseline_latency_->clear();
    freeze(baseline);
    frozen_all_tick_ = frozen().has_value();
    settling_.clear();
    for (unsigned w = 0; w < places_.workers; ++w) settling_.insert(w);
}

// Where that is counted which a generation has routed; null: nowhere.
analysis::Tick* Intake::booked(std::uint64_t generation) {
    if (!step_ || generation > closed_after_) return nullptr;
    if (generation >= step_->since) return &pending_;
    for (auto step = former_.rbegin(); step != former_.rend(); ++step)
        if (generation >= step->routed.since) {
            step->any = true;
            return &step->late.tick;
        }
    return nullptr;
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

void Intake::add_buckets(const FailedBuckets& buckets, analysis::Tick& tick) {
    const analysis::BetNumber placed = lasting_->bets.number();
    for (const std::uint16_t bucket : buckets.canary) lasting_->failed.mark(bucket, placed, tick.canary_first.failed);
    for (const std::uint16_t bucket : buckets.baseline)
        lasting_->failed.mark(bucket, placed, tick.baseline_first.failed);
    for (const FailedBuckets::Sample& sample : buckets.samples) {
        analysis::FirstMarks& first = sample.canary ? tick.canary_first : tick.baseline_first;
        // Who was asked is a matter of the step.
        const auto asked =
            &tick == &pending_ ? seen_->ask(sample.bucket, sample.canary) : analysis::BucketCounts::Asked{};
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
void Intake::add_one_by_one(const FailedBuckets& buckets, analysis::SteadyBuckets& steady, analysis::Tick& tick) const {
    for (const FailedBuckets::Sample& sample : buckets.samples)
        if (steady.attempt(sample.bucket, sample.canary))
            ++(sample.canary ? tick.canary_first : tick.baseline_first).steady_attempts;
    for (const std::uint16_t bucket : buckets.canary)
        if (steady.fail(bucket, true)) ++tick.canary_first.steady_failures;
    for (const std::uint16_t bucket : buckets.baseline)
        if (steady.fail(bucket, false)) ++tick.baseline_first.steady_failures;
    for (const FailedBuckets::Sample& sample : buckets.samples) steady.learn(sample.bucket);
}

void Intake::add_in_flight(const WorkerReport& report) {
    UnderWay& under_way = under_way_[report.worker];
    under_way = {};
    if (!step_) return;
    const std::uint64_t first = former_.empty() ? step_->since : former_.front().routed.since;
    for (const InFlight& flight : report.in_flight) {
        if (flight.generation < first || flight.generation > closed_after_) continue;
        const bool of_step = flight.generation >= step_->since;
        if (flight.upstream == places_.to) under_way.to += flight.requests;
        if (flight.upstream == places_.from) under_way.from += flight.requests;
        if (flight.upstream == places_.to && of_step) under_way.step_to += flight.requests;
        if (flight.upstream == places_.from && of_step) under_way.step_from += flight.requests;
    }
}

void Intake::add_delta(const CellDelta& delta, bool settles) {
    if (delta.route != places_.route || (delta.upstream != places_.to && delta.upstream != places_.from)) return;
    analysis::Tick* tick = booked(delta.generation);
    const bool of_step = tick == &pending_;
    if (tick == nullptr || (of_step && settles)) return;
    if (places_.sticky && delta.keyless) {
        lasting_->keyless += delta.cell->attempts;
        return;
    }
    const bool canary = delta.upstream == places_.to;
    add_cell(*delta.cell, canary ? tick->canary : tick->baseline);
    (canary ? lasting_->canary_latency : lasting_->baseline_latency).merge(delta.cell->first_byte);
    if (!of_step) return;
    (canary ? canary_latency_ : baseline_latency_)->merge(delta.cell->first_byte);
    (canary ? sent_to_ : sent_from_) += delta.cell->attempts;
}

void Intake::add(const WorkerReport& report, Monotonic now) {
    if (report.worker >= reported_.size()) return;
    reported_[report.worker] = now;
    const bool settles = settling_.erase(report.worker) > 0;
    add_in_flight(report);
    for (const CellDelta& delta : report.cells) {
        newest_ = std::max(newest_, delta.generation);
        add_delta(delta, settles);
    }
    for (const FailedBuckets& buckets : report.failed_buckets) {
        if (!seen_ || buckets.route != places_.route) continue;
        analysis::Tick* tick = booked(buckets.generation);
        if (tick == nullptr || (tick == &pending_ && settles)) continue;
        add_buckets(buckets, *tick);
        if (lasting_->steady) add_one_by_one(buckets, *lasting_->steady, *tick);
    }
    for (const EndpointFailures& failing : report.endpoint_failures)
        if (failing.route == places_.route && booked(failing.generation) != nullptr)
            failing_[failing.endpoint] += failing.failures;
    // A rollout that starts without a past freezes its quantiles from its own first seconds.
    if (!frozen()) freeze(*baseline_latency_);
}

std::vector<analysis::Late> Intake::take_late() {
    std::vector<analysis::Late> out;
    for (Former& step : former_) {
        if (!std::exchange(step.any, false)) continue;
        analysis::Late late = step.late;
        step.late.tick = {};
        late.tick.placed = lasting_->bets.number();
        late.tick.latency_counts = warm_ && frozen_all_tick_;
        if (seen_) late.tick.canary_users = seen_->effective(true), late.tick.baseline_users = seen_->effective(false);
        out.push_back(std::move(late));
    }
    return out;
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
        tick.canary_in_flight += flight.to;
        tick.baseline_in_flight += flight.from;
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
