#include "bench/rollout_simulation/simulated_rollout.h"

#include <array>
#include <cmath>
#include <memory>

#include "control/analysis/analysis.h"
#include "control/analysis/bucket_ledger.h"
#include "control/analysis/frozen_quantiles.h"
#include "control/analysis/steady_buckets.h"

namespace rollout_simulation {

namespace {

namespace analysis = switchyard::control::analysis;
using switchyard::Histogram;

struct Ledgers {
    analysis::BucketLedger seen, failed;
    std::array<analysis::BucketLedger, analysis::kLevels> slow;
    analysis::SteadyBuckets steady;
};

// A request of a sticky split in this tick, as a worker reports it.
struct Sample {
    std::uint16_t bucket;
    bool canary, failed;
};

// ln of the slowest latency that is still not slow, so that the inner loop compares logarithms.
std::array<double, analysis::kLevels> limits_of(const analysis::FrozenQuantiles& frozen) {
    std::array<double, analysis::kLevels> out{};
    for (std::size_t i = 0; i < analysis::kLevels; ++i)
        out[i] = std::log(static_cast<double>(frozen.microseconds(i)) + 1);
    return out;
}

analysis::FrozenQuantiles freeze(World& world) {
    constexpr int kSamples = 5000;
    Histogram baseline;
    for (int i = 0; i < kSamples; ++i)
        baseline.record(static_cast<std::uint64_t>(std::exp(world.request().log_latency)));
    return *analysis::FrozenQuantiles::from(baseline);
}

class Run {
  public:
    Run(const Setup& setup, std::uint64_t seed)
        : setup_(setup),
          world_(setup.traffic, seed),
          analysis_(setup.settings),
          ledgers_(std::make_unique<Ledgers>()) {}

    Outcome go() {
        double now = 0;
        for (const Stage& stage : setup_.stages) {
            limits_ = limits_of(freeze(world_));
            share_ = stage.share;
            threshold_ = static_cast<std::uint64_t>(stage.share * 4294967296.0);
            ledgers_->seen.clear();
            analysis_.begin_step(setup_.sticky ? analysis::Assignment::sticky : analysis::Assignment::per_request,
                                 stage.share);
            const double end = now + stage.seconds;
            while (now < end) {
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
    void tick(double now) {
        analysis::Tick tick;
        tick.seconds = setup_.tick;
        tick.latency_counts = now > setup_.warm_up;
        samples_.clear();
        for (std::uint32_t n = world_.arrivals(setup_.tick); n > 0; --n) one(tick);
        judge(tick);
        analysis_.add(tick);
        if (setup_.sticky && !outcome_.raw_would_have) {
            raw_.add(setup_.tick,
                     static_cast<double>(tick.canary.attempts) /
                         static_cast<double>(std::max<std::uint64_t>(1, tick.canary.attempts + tick.baseline.attempts)),
                     tick.canary.failures, tick.baseline.failures);
            outcome_.raw_would_have = raw_.evidence() >= 1.0 / setup_.settings.false_alarm;
        }
    }

    void one(analysis::Tick& tick) {
        Request request = world_.request();
        bool canary = false;
        if (setup_.sticky) {
            canary = request.user->bucket < threshold_;
        } else {
            // An even spread, exact over every window, as the split's cursor gives it.
            cursor_ += share_;
            canary = cursor_ >= 1;
            if (canary) cursor_ -= 1;
        }
        if (canary && regressed_) {
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
        if (setup_.sticky && ledgers_->seen.first(bucket)) ++first.seen;
        if (setup_.sticky && request.fails && ledgers_->failed.first(bucket)) ++first.failed;
        for (std::size_t i = 0; i < analysis::kLevels && request.log_latency > limits_[i]; ++i) {
            ++arm.slow[i];
            if (setup_.sticky && tick.latency_counts && ledgers_->slow[i].first(bucket)) ++first.slow[i];
        }
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
    double share_ = 0, cursor_ = 0;
    std::uint64_t threshold_ = 0;
    bool regressed_ = false;
    std::vector<Sample> samples_;
    Outcome outcome_;
};

}  // namespace

Outcome simulate(const Setup& setup, std::uint64_t seed) {
    return Run(setup, seed).go();
}

}  // namespace rollout_simulation
