#include "control/rollout/runner/intake.h"

#include <algorithm>
#include <utility>

namespace switchyard::control::rollout {

Intake::Intake(Places places)
    : places_(places),
      seen_(places.sticky ? std::make_unique<analysis::BucketCounts>() : nullptr),
      users_(places.sticky ? std::make_unique<Users>() : nullptr),
      lasting_(std::make_unique<Lasting>()),
      reported_(places.workers, kNever),
      canary_latency_(std::make_unique<Histogram>()),
      baseline_latency_(std::make_unique<Histogram>()),
      canary_whole_(std::make_unique<Histogram>()),
      baseline_whole_(std::make_unique<Histogram>()) {
    if (places.sticky && places.capped) lasting_->steady.emplace();
}

void Intake::end() {
    seen_.reset();
    users_.reset();
    lasting_->steady.reset();
    lasting_->failed.clear();
    for (auto* ledgers : {&lasting_->slow, &lasting_->slow_whole})
        for (auto& ledger : *ledgers) ledger.clear();
    lasting_->tail.clear();
    lasting_->tail_whole.clear();
    for (auto& ledger : lasting_->answers) ledger.clear();
}

void Intake::freeze(const Histogram& heads, const Histogram& wholes) {
    // Once frozen from enough, a step that knows less keeps the older thresholds.
    if (auto fresh = analysis::FrozenQuantiles::from(heads)) lasting_->frozen = fresh;
    if (auto fresh = analysis::FrozenQuantiles::from(wholes)) lasting_->frozen_whole = fresh;
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

void Intake::begin(Monotonic, const Past& baseline, Routed routed) {
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
    canary_whole_->clear();
    baseline_whole_->clear();
    freeze(baseline.head, baseline.whole);
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
        arm.tail += analysis::count_above(cell.first_byte, Histogram::upper(frozen()->tail()));
    }
    if (!frozen_whole()) return;
    arm.whole.asked += cell.whole.total();
    arm.whole.twice_p90 += analysis::count_above(cell.whole, 2 * frozen_whole()->microseconds(1));
    const auto slow = frozen_whole()->count(cell.whole);
    for (std::size_t i = 0; i < analysis::kLevels; ++i) arm.whole.slow[i] += slow[i];
    arm.whole.tail += analysis::count_above(cell.whole, Histogram::upper(frozen_whole()->tail()));
}

// Of a request that is under way: what it has passed since it was told of last. Of one that has ended, and is in its
// cell with all it took: what had been told, taken back.
void Intake::add_passage(const Passage& passage, bool settles) {
    if (passage.route != places_.route || (passage.upstream != places_.to && passage.upstream != places_.from)) return;
    if (places_.sticky && passage.keyless) return;
    analysis::Tick* tick = booked(passage.generation);
    if (tick == nullptr || (tick == &pending_ && settles)) return;
    analysis::ArmCounts& arm = passage.upstream == places_.to ? tick->canary : tick->baseline;
    const auto count = [&](const analysis::FrozenQuantiles& limits, analysis::SlowCounts& slow, std::uint64_t& tail,
                           auto& asked) {
        const auto at = [&](std::size_t limit, auto& into) {
            if (passage.over && passage.from > limit) --into;
            if (!passage.over && passage.from <= limit && passage.to > limit) ++into;
        };
        for (std::size_t i = 0; i < analysis::kLevels; ++i) at(limits.limit(i), slow[i]);
        at(limits.tail(), tail);
        at(limits.limit(0), asked);
    };
    if (passage.of != Passage::Of::whole && frozen()) count(*frozen(), arm.slow, arm.tail, arm.early);
    if (passage.of != Passage::Of::head && frozen_whole())
        count(*frozen_whole(), arm.whole.slow, arm.whole.tail, arm.whole.asked);
    if (seen_ && passage.hashed && !passage.over && frozen()) add_bucket_passage(passage, *tick);
}

// The least age at which something is told of a bucket.
std::size_t Intake::first_limit() const {
    if (!frozen()) return Histogram::kBuckets;
    return frozen_whole() ? std::min(frozen()->limit(0), frozen_whole()->limit(0)) : frozen()->limit(0);
}

void Intake::add_bucket_passage(const Passage& passage, analysis::Tick& tick) {
    analysis::FirstMarks& first = passage.canary ? tick.canary_first : tick.baseline_first;
    const auto passes = [&](std::size_t limit) { return passage.from <= limit && passage.to > limit; };
    const bool of_step = &tick == &pending_;
    if (of_step && passes(first_limit())) {
        const auto asked = seen_->ask(passage.bucket, passage.canary, true);
        first.seen += asked.first, first.paced += asked.paced, first.whole.paced += asked.paced;
    }
    MarkedUsers* users = users_ ? &users_->of(passage.canary) : nullptr;
    if (users != nullptr && passes(first_limit())) users->ask(passage.bucket);
    if (!warm_) return;
    const auto tell = [&](std::size_t limit, MarkedUsers::Kind kind) {
        if (users != nullptr && passes(limit)) users->mark(kind, passage.bucket);
    };
    const analysis::BetNumber placed = lasting_->bets.number();
    const auto mark = [&](std::size_t limit, analysis::MarkTable& table, analysis::FreshMarks& marks,
                          std::uint64_t& paced, std::size_t kind) {
        if (!passes(limit)) return;
        table.mark(passage.bucket, placed, marks);
        paced += of_step && seen_->cross(passage.bucket, static_cast<unsigned>(kind));
    };
    constexpr std::size_t kKinds = analysis::kLevels + 1;
    if (passage.of == Passage::Of::both) {
        for (std::size_t i = 0; i < analysis::kLevels; ++i)
            mark(frozen()->limit(i), lasting_->slow[i], first.slow[i], first.paced_slow[i], i);
        mark(frozen()->tail(), lasting_->tail, first.tail, first.paced_tail, analysis::kLevels);
        tell(frozen()->limit(MarkedUsers::kLevel), MarkedUsers::slow), tell(frozen()->tail(), MarkedUsers::tail);
    }
    if (!frozen_whole()) return;
    auto& whole = first.whole;
    tell(frozen_whole()->limit(MarkedUsers::kLevel), MarkedUsers::late);
    tell(frozen_whole()->tail(), MarkedUsers::late_tail);
    for (std::size_t i = 0; i < analysis::kLevels; ++i)
        mark(frozen_whole()->limit(i), lasting_->slow_whole[i], whole.slow[i], whole.paced_slow[i], kKinds + i);
    mark(frozen_whole()->tail(), lasting_->tail_whole, whole.tail, whole.paced_tail, kKinds + analysis::kLevels);
}

// By what it is slow, but for what was told before it ended. `told`: it was asked about then.
void Intake::mark_slow(const FailedBuckets::Sample& sample, analysis::FirstMarks& first,
                       const analysis::BucketCounts::Asked& asked, bool told) {
    const analysis::BetNumber placed = lasting_->bets.number();
    const auto mark = [&](std::size_t limit, std::uint16_t took, std::uint16_t before, analysis::MarkTable& table,
                          analysis::FreshMarks& marks, std::uint64_t& paced, std::size_t kind) {
        if (took <= limit || before > limit) return;
        table.mark(sample.bucket, placed, marks);
        paced += told ? seen_->cross(sample.bucket, static_cast<unsigned>(kind)) : asked.paced;
    };
    constexpr std::size_t kKinds = analysis::kLevels + 1;
    for (std::size_t i = 0; i < analysis::kLevels; ++i)
        mark(frozen()->limit(i), sample.latency, sample.told_head, lasting_->slow[i], first.slow[i],
             first.paced_slow[i], i);
    mark(frozen()->tail(), sample.latency, sample.told_head, lasting_->tail, first.tail, first.paced_tail,
         analysis::kLevels);
    if (!frozen_whole() || sample.whole == FailedBuckets::Sample::kOutside) return;
    auto& whole = first.whole;
    for (std::size_t i = 0; i < analysis::kLevels; ++i)
        mark(frozen_whole()->limit(i), sample.whole, sample.told_whole, lasting_->slow_whole[i], whole.slow[i],
             whole.paced_slow[i], kKinds + i);
    mark(frozen_whole()->tail(), sample.whole, sample.told_whole, lasting_->tail_whole, whole.tail, whole.paced_tail,
         kKinds + analysis::kLevels);
}

// For people; what was told of it while it was under way is known.
void Intake::note_user(const FailedBuckets::Sample& sample) {
    MarkedUsers& users = users_->of(sample.canary);
    if (std::max(sample.told_head, sample.told_whole) <= first_limit()) users.ask(sample.bucket);
    if (sample.answer != AnswerKind::ordinary)
        users.mark(MarkedUsers::first_answer + static_cast<std::size_t>(sample.answer), sample.bucket);
    if (!warm_) return;
    const auto mark = [&](const std::optional<analysis::FrozenQuantiles>& limits, std::uint16_t took,
                          std::uint16_t told, MarkedUsers::Kind slow, MarkedUsers::Kind tail) {
        if (!limits) return;
        const std::size_t limit = limits->limit(MarkedUsers::kLevel);
        if (took > limit && told <= limit) users.mark(slow, sample.bucket);
        if (took > limits->tail() && told <= limits->tail()) users.mark(tail, sample.bucket);
    };
    mark(frozen(), sample.latency, sample.told_head, MarkedUsers::slow, MarkedUsers::tail);
    if (sample.whole != FailedBuckets::Sample::kOutside)
        mark(frozen_whole(), sample.whole, sample.told_whole, MarkedUsers::late, MarkedUsers::late_tail);
}

void Intake::add_buckets(const FailedBuckets& buckets, analysis::Tick& tick) {
    const analysis::BetNumber placed = lasting_->bets.number();
    if (users_) {
        for (const std::uint16_t bucket : buckets.canary) users_->canary.mark(MarkedUsers::failed, bucket);
        for (const std::uint16_t bucket : buckets.baseline) users_->baseline.mark(MarkedUsers::failed, bucket);
    }
    for (const std::uint16_t bucket : buckets.canary) lasting_->failed.mark(bucket, placed, tick.canary_first.failed);
    for (const std::uint16_t bucket : buckets.baseline)
        lasting_->failed.mark(bucket, placed, tick.baseline_first.failed);
    for (const FailedBuckets::Sample& sample : buckets.samples) {
        if (users_) note_user(sample);
        analysis::FirstMarks& first = sample.canary ? tick.canary_first : tick.baseline_first;
        const bool told = std::max(sample.told_head, sample.told_whole) > first_limit();
        // Who was asked is a matter of the step.
        const auto asked =
            &tick == &pending_ && !told ? seen_->ask(sample.bucket, sample.canary) : analysis::BucketCounts::Asked{};
        first.seen += asked.first, first.paced += asked.paced;
        if (sample.whole != FailedBuckets::Sample::kOutside) first.whole.paced += asked.paced;
        if (const auto kind = static_cast<std::size_t>(sample.answer); kind < kAnswerKinds)
            lasting_->answers[kind].mark(sample.bucket, placed, first.answers[kind]);
        if (frozen() && warm_) mark_slow(sample, first, asked, told && &tick == &pending_);
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
    add_waiting(report, under_way);
    for (const InFlight& flight : report.in_flight) {
        if (!of_rollout(flight.generation)) continue;
        const bool of_step = flight.generation >= step_->since;
        const std::uint64_t requests = flight.requests + flight.streams;
        if (flight.upstream == places_.to) under_way.to += requests;
        if (flight.upstream == places_.from) under_way.from += requests;
        if (flight.upstream == places_.to && of_step) under_way.step_to += requests;
        if (flight.upstream == places_.from && of_step) under_way.step_from += requests;
    }
}

bool Intake::of_rollout(std::uint64_t generation) const {
    const std::uint64_t first = former_.empty() ? step_->since : former_.front().routed.since;
    return generation >= first && generation <= closed_after_;
}

void Intake::add_waiting(const WorkerReport& report, UnderWay& under_way) const {
    under_way.told = report.ages;
    for (const HeadsWaited& waited : report.heads_waited) {
        if (waited.route != places_.route || !of_rollout(waited.generation)) continue;
        if (places_.sticky && waited.keyless) continue;
        if (waited.upstream == places_.to) under_way.waiting_to.merge(*waited.ages);
        if (waited.upstream == places_.from) under_way.waiting_from.merge(*waited.ages);
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
    (canary ? lasting_->canary_whole : lasting_->baseline_whole).merge(delta.cell->whole);
    if (!of_step) return;
    (canary ? canary_whole_ : baseline_whole_)->merge(delta.cell->whole);
    (canary ? canary_latency_ : baseline_latency_)->merge(delta.cell->first_byte);
    (canary ? sent_to_ : sent_from_) += delta.cell->attempts;
}

void Intake::add(const WorkerReport& report, Monotonic now) {
    if (report.worker < reported_.size()) reported_[report.worker] = now;
    const bool settles = settling_.erase(report.worker) > 0;
    add_in_flight(report);
    for (const CellDelta& delta : report.cells) {
        newest_ = std::max(newest_, delta.generation);
        add_delta(delta, settles);
    }
    // After the cells: of what has ended something is taken back.
    for (const Passage& passage : report.passages) add_passage(passage, settles);
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
    static const Histogram kNothing;
    if (!frozen() || !frozen_whole())
        freeze(frozen() ? kNothing : *baseline_latency_, frozen_whole() ? kNothing : *baseline_whole_);
}

void Intake::forget_workers(unsigned from, unsigned to) {
    under_way_.erase(under_way_.lower_bound(from), under_way_.lower_bound(to));
}

Intake::InStep Intake::in_step() const {
    InStep out;
    if (step_) out.routed = *step_;
    for (const Former& step : former_) out.earlier.push_back({step.routed, step.late.sent});
    if (seen_) out.seen = *seen_;
    out.sent_to = sent_to_, out.sent_from = sent_from_;
    out.canary_latency = *canary_latency_, out.baseline_latency = *baseline_latency_;
    out.canary_whole = *canary_whole_, out.baseline_whole = *baseline_whole_;
    out.frozen_all_tick = frozen_all_tick_;
    return out;
}

void Intake::go_on(InStep step) {
    step_ = step.routed;
    former_.clear();
    for (const auto& earlier : step.earlier) {
        Former former{earlier.routed, {}, false};
        former.late.share = earlier.routed.share;
        former.late.sent = earlier.sent;
        former_.push_back(std::move(former));
    }
    if (seen_ && step.seen) *seen_ = std::move(*step.seen);
    sent_to_ = step.sent_to, sent_from_ = step.sent_from;
    *canary_latency_ = step.canary_latency, *baseline_latency_ = step.baseline_latency;
    *canary_whole_ = step.canary_whole, *baseline_whole_ = step.baseline_whole;
    frozen_all_tick_ = step.frozen_all_tick && frozen().has_value();
    settling_.clear();  // no worker of this process has served an earlier step
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
    if (frozen()) tick.old_p99 = static_cast<double>(frozen()->limit_us(analysis::kLevels - 1)) / 1e6;
    if (seen_) {
        tick.canary_users = seen_->effective(true), tick.baseline_users = seen_->effective(false);
        seen_->advance(seconds);
    }
    for (const auto& [worker, flight] : under_way_) {
        tick.canary_in_flight += flight.to;
        tick.baseline_in_flight += flight.from;
        if (!flight.told || !frozen()) continue;
        const std::uint64_t p99 = frozen()->limit_us(analysis::kLevels - 1);
        tick.canary_waiting = tick.canary_waiting.value_or(0) + analysis::count_above(flight.waiting_to, p99);
        tick.baseline_waiting = tick.baseline_waiting.value_or(0) + analysis::count_above(flight.waiting_from, p99);
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
