#include "bench/rollout_simulation/simulated_rollout.h"

#include <array>
#include <cmath>
#include <deque>
#include <memory>

#include "control/analysis/analysis.h"
#include "control/analysis/bucket_counts.h"
#include "control/analysis/fresh_marks.h"
#include "control/analysis/frozen_quantiles.h"
#include "control/analysis/steady_buckets.h"
#include "proxy/route/split.h"

namespace rollout_simulation {

namespace {

namespace analysis = switchyard::control::analysis;
using switchyard::Histogram;

struct Ledgers {
    analysis::BucketCounts seen;
    analysis::BetClock bets;
    analysis::MarkTable failed;
    std::array<analysis::MarkTable, analysis::kLevels> slow;
    analysis::SteadyBuckets steady;
};

constexpr std::uint32_t kParts = 10'000;  // of a split: two decimals of a percent

// A request of a sticky split in this tick, as a worker reports it.
struct Sample {
    std::uint16_t bucket;
    bool canary, failed;
};

// A request that hangs, and when it next becomes something: slow by a level, or ended by its time limit.
struct Hanging {
    double at;
    std::uint16_t bucket;
    bool canary;
};

constexpr double kTimeLimit = 30;  // seconds until the head of an answer

// ln of the slowest latency that is still not slow, so that the inner loop compares logarithms.
std::array<double, analysis::kLevels> limits_of(const analysis::FrozenQuantiles& frozen) {
    std::array<double, analysis::kLevels> out{};
    for (std::size_t i = 0; i < analysis::kLevels; ++i) out[i] = std::log(static_cast<double>(frozen.limit_us(i)) + 1);
    return out;
}

analysis::FrozenQuantiles freeze(World& world) {
    constexpr int kSamples = 5000;
    Histogram baseline;
    for (int i = 0; i < kSamples; ++i)
        baseline.record(static_cast<std::uint64_t>(std::exp(world.request().log_latency)));
    return *analysis::FrozenQuantiles::from(baseline);
}

analysis::Settings settings_of(const Setup& setup) {
    auto settings = setup.settings;
    settings.sticky = setup.sticky;
    settings.answers_false_alarm = 0;  // all answers here are of one kind
    return settings;
}

class Run {
  public:
    Run(const Setup& setup, std::uint64_t seed)
        : setup_(setup),
          world_(setup.traffic, seed),
          analysis_(settings_of(setup)),
          ledgers_(std::make_unique<Ledgers>()) {}

    Outcome go() {
        double now = 0;
        for (const Stage& stage : setup_.stages) {
            limits_ = limits_of(freeze(world_));
            outcome_.share = share_ = stage.share;
            threshold_ = static_cast<std::uint64_t>(stage.share * 4294967296.0);
            const auto parts = static_cast<std::uint32_t>(std::lround(stage.share * kParts));
            split_ = switchyard::route::Split(std::array{kParts - parts, parts});
            ledgers_->seen.clear();
            analysis_.begin_step(setup_.sticky ? analysis::Assignment::sticky : analysis::Assignment::per_request,
                                 stage.share);
            const double end = now + stage.seconds, soonest = now + stage.seconds / 10;
            while (now < end && !(setup_.on_evidence && now > soonest && may_go_on())) {
                world_.advance(setup_.tick);
                now += setup_.tick;
                regressed_ = now > setup_.regression.from;
                tick(now);
                if (analysis_.alarm()) {
                    outcome_.alarm_at = now - setup_.regression.from;
                    outcome_.test = analysis_.alarm()->test;
                    return outcome_;
                }
            }
        }
        return outcome_;
    }

  private:
    // Asked once a second: what it says changes no faster.
    bool may_go_on() {
        if (++ticks_ % static_cast<unsigned>(std::ceil(1 / setup_.tick)) != 0) return false;
        return analysis_.promotion().allowed;
    }

    void tick(double now) {
        analysis::Tick tick;
        tick.seconds = setup_.tick;
        tick.placed = ledgers_->bets.number();
        ledgers_->bets.advance(setup_.tick);
        outage_ = now > setup_.regression.outage_from && now <= setup_.regression.outage_to;
        tick.latency_counts = now > setup_.warm_up;
        samples_.clear();
        for (std::uint32_t n = world_.arrivals(setup_.tick); n > 0; --n) one(tick, now);
        if (hanging_now_ > 0) hang(tick, now);
        if (setup_.settings.max_extra_failures > 0) judge(tick);
        if (setup_.sticky) {
            tick.canary_users = ledgers_->seen.effective(true);
            tick.baseline_users = ledgers_->seen.effective(false);
            ledgers_->seen.advance(setup_.tick);
        }
        analysis_.add(tick);
        if (setup_.sticky && !outcome_.raw_would_have) {
            raw_.add(setup_.tick,
                     static_cast<double>(tick.canary.attempts) /
                         static_cast<double>(std::max<std::uint64_t>(1, tick.canary.attempts + tick.baseline.attempts)),
                     tick.canary.failures, tick.baseline.failures);
            outcome_.raw_would_have = raw_.evidence() >= 1.0 / setup_.settings.false_alarm;
        }
    }

    void one(analysis::Tick& tick, double now) {
        Request request = world_.request();
        if (setup_.regular > 0) take_turn(request);
        const bool canary =
            setup_.sticky ? request.user->bucket < threshold_ : split_.at({world_.salt(), position_++}) == 1;
        const double hangs = setup_.both_hang + (canary && regressed_ ? setup_.regression.hangs : 0);
        if (hangs > 0 && world_.random().chance(hangs)) {
            const auto bucket = static_cast<std::uint16_t>(request.user->bucket >> 16);
            for (std::size_t i = 0; i < analysis::kLevels; ++i)
                passing_[i].push_back({now + std::exp(limits_[i]) / 1e6, bucket, canary});
            ending_.push_back({now + kTimeLimit, bucket, canary});
            ++hanging_now_;
            return;
        }
        const bool again = canary && regressed_ && world_.random().chance(setup_.regression.asks - 1);
        count(tick, request, canary);
        if (again) count(tick, world_.request_of(*request.user), canary);
    }

    // Clients that ask in a fixed order, each when it likes.
    void take_turn(Request& request) {
        clients_.resize(setup_.regular, 0);
        if (clients_[world_.random().below(setup_.regular)]++ % 2 == 0) return;
        constexpr double kSlower = 3, kPostsFail = .03;
        request.log_latency += std::log(kSlower);
        request.fails = request.fails || world_.random().chance(kPostsFail);
    }

    void count(analysis::Tick& tick, Request request, bool canary) {
        if (!canary && outage_) request.fails = true;
        if (canary && regressed_) {
            if (!request.user->always_fails && setup_.regression.failures < 1)
                request.fails = request.fails && world_.random().chance(setup_.regression.failures);
            const double before = request.user->always_fails ? 1 : world_.failure_rate();
            if (setup_.regression.failure_rate) {
                request.fails = request.user->always_fails || world_.random().chance(*setup_.regression.failure_rate);
                outcome_.extra_failures += static_cast<double>(request.fails) - before;
            }
            if (setup_.regression.latency != 1) request.log_latency += std::log(setup_.regression.latency);
        }
        analysis::ArmCounts& arm = canary ? tick.canary : tick.baseline;
        analysis::FirstMarks& first = canary ? tick.canary_first : tick.baseline_first;
        outcome_.canary_requests += canary;
        const auto bucket = static_cast<std::uint16_t>(request.user->bucket >> 16);
        ++arm.attempts;
        if (request.fails) ++arm.failures;
        if (setup_.sticky) samples_.push_back({bucket, canary, request.fails});
        const auto asked = setup_.sticky ? ledgers_->seen.ask(bucket, canary) : analysis::BucketCounts::Asked{};
        first.seen += asked.first, first.paced += asked.paced;
        if (setup_.sticky && request.fails) ledgers_->failed.mark(bucket, tick.placed, first.failed);
        for (std::size_t i = 0; i < analysis::kLevels && request.log_latency > limits_[i]; ++i) {
            ++arm.slow[i];
            if (setup_.sticky && tick.latency_counts) ledgers_->slow[i].mark(bucket, tick.placed, first.slow[i]);
            if (tick.latency_counts) first.paced_slow[i] += asked.paced;
        }
    }

    // A hanging request is slow the moment it passes a level, and counted when its time limit ends it.
    void hang(analysis::Tick& tick, double now) {
        const auto due = [&](std::deque<Hanging>& queue, auto&& use) {
            for (; !queue.empty() && queue.front().at <= now; queue.pop_front()) {
                const Hanging& it = queue.front();
                use(it, it.canary ? tick.canary : tick.baseline, it.canary ? tick.canary_first : tick.baseline_first);
            }
        };
        for (std::size_t i = 0; i < analysis::kLevels; ++i)
            due(passing_[i], [&](const Hanging& it, analysis::ArmCounts& arm, analysis::FirstMarks& first) {
                ++arm.slow[i];
                if (!setup_.sticky || !tick.latency_counts) return;
                ledgers_->slow[i].mark(it.bucket, tick.placed, first.slow[i]);
                ++first.paced_slow[i];
            });
        due(ending_, [&](const Hanging& it, analysis::ArmCounts& arm, analysis::FirstMarks& first) {
            ++arm.attempts, ++arm.failures, --hanging_now_;
            if (!setup_.sticky) return;
            samples_.push_back({it.bucket, it.canary, true});
            const auto asked = ledgers_->seen.ask(it.bucket, it.canary);
            first.seen += asked.first, first.paced += asked.paced;
            ledgers_->failed.mark(it.bucket, tick.placed, first.failed);
        });
        tick.old_p99 = std::exp(limits_.back()) / 1e6;
        for (const Hanging& it : ending_) ++(it.canary ? tick.canary_in_flight : tick.baseline_in_flight);
    }

    // What counts one by one, as the intake of a live rollout finds it.
    void judge(analysis::Tick& tick) {
        auto& steady = ledgers_->steady;
        const auto first = [&](const Sample& s) -> analysis::FirstMarks& {
            return s.canary ? tick.canary_first : tick.baseline_first;
        };
        for (const Sample& s : samples_) first(s).steady_attempts += steady.attempt(s.bucket, s.canary);
        for (const Sample& s : samples_)
            if (s.failed) first(s).steady_failures += steady.fail(s.bucket, s.canary);
        for (const Sample& s : samples_) steady.learn(s.bucket);
    }

    const Setup& setup_;
    World world_;
    analysis::Analysis analysis_;
    std::unique_ptr<Ledgers> ledgers_;
    analysis::ArmTest raw_{1.5, analysis::kFailureGrid};
    std::array<double, analysis::kLevels> limits_{};
    double share_ = 0;
    switchyard::route::Split split_;
    std::uint64_t position_ = 0;
    std::vector<unsigned> clients_;  // how often each has asked
    unsigned ticks_ = 0;
    std::uint64_t threshold_ = 0;
    bool regressed_ = false, outage_ = false;
    std::vector<Sample> samples_;
    std::array<std::deque<Hanging>, analysis::kLevels> passing_;
    std::deque<Hanging> ending_;
    std::size_t hanging_now_ = 0;
    Outcome outcome_;
};

}  // namespace

Outcome simulate(const Setup& setup, std::uint64_t seed) {
    return Run(setup, seed).go();
}

}  // namespace rollout_simulation
