// From the workers' reports to the analysis' ticks: what belongs to this rollout, counted once per bucket where the
// split is sticky, and how fresh it is.
//
// Invariants: begin() drops what was counted before; of each worker the first report after it is dropped too, since it
//   begins before the step did. Whoever begins a step therefore has the workers report at once: that report ends what
//   belongs to the step before, and everything after it counts. as_of() is never newer than the slowest worker's last
//   report.
// Threads: control. Units: monotonic milliseconds.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/analysis/bucket_counts.h"
#include "control/analysis/evidence.h"
#include "control/analysis/fresh_marks.h"
#include "control/analysis/frozen_quantiles.h"
#include "control/analysis/steady_buckets.h"
#include "control/rollout/machine.h"
#include "proxy/base/metrics.h"

namespace switchyard::control::rollout {

class Intake {
  public:
    struct Places {
        std::uint32_t route = 0, from = 0, to = 0;  // Registry ids
        unsigned workers = 1;
        bool sticky = false;
        std::optional<std::uint64_t> p99_limit;  // microseconds
        bool capped = false;                     // of a sticky split: failures are also counted one by one
    };

    // What outlives a step, and a restart.
    struct Lasting {
        std::optional<analysis::FrozenQuantiles> frozen;
        Histogram canary_latency, baseline_latency;
        // Of sticky splits: whose marks have been counted, since which bet.
        analysis::BetClock bets;
        analysis::MarkTable failed;
        std::array<analysis::MarkTable, analysis::kLevels> slow;
        std::array<analysis::MarkTable, kAnswerKinds> answers;
        std::optional<analysis::SteadyBuckets> steady;  // where there is a cap: whose failures count one by one

        template <class Memory>
        void remember(Memory& m) {
            m("frozen", frozen), m("canary_latency", canary_latency), m("baseline_latency", baseline_latency);
            m("bets", bets), m("failed", failed);
            for (std::size_t i = 0; i < analysis::kLevels; ++i)
                m(std::string("slow_") + analysis::kLevelNames[i], slow[i]);
            for (std::size_t i = 0; i < kAnswerKinds; ++i)
                m("answers_" + std::string(kAnswerWords[i].name), answers[i]);
            m("steady", steady);
        }
    };

    explicit Intake(Places places);

    // A step begins: fresh counts, and quantiles frozen from `baseline` when that holds enough.
    void begin(Monotonic now, const Histogram& baseline);
    void add(const WorkerReport& report, Monotonic now);
    // Everything since the last call. `warm`: the canary's latency counts.
    analysis::Tick take(double seconds, bool warm);

    bool sticky() const { return places_.sticky; }
    analysis::BetNumber bets_placed() const { return lasting_->bets.number(); }
    const Lasting& lasting() const { return *lasting_; }
    void restore(Lasting lasting) { *lasting_ = std::move(lasting); }
    // The rollout has ended: half a megabyte of who was counted is not needed any more.
    void end();

    Monotonic as_of() const;
    const std::optional<analysis::FrozenQuantiles>& frozen() const { return lasting_->frozen; }
    // Of this step, for people.
    const Histogram& canary_latency() const { return *canary_latency_; }
    const Histogram& baseline_latency() const { return *baseline_latency_; }
    // Failures of this route at endpoints, of the new upstream and others, since the rollout began, by Registry id.
    const std::map<std::uint32_t, std::uint64_t>& failing() const { return failing_; }

  private:
    void add_cell(const Cell& cell, analysis::ArmCounts& arm) const;
    void add_buckets(const FailedBuckets& buckets);
    void add_one_by_one(const FailedBuckets& buckets, analysis::SteadyBuckets& steady);
    void freeze(const Histogram& baseline);

    Places places_;
    std::unique_ptr<analysis::BucketCounts> seen_;  // in this step; null: the split is not sticky, or all is over
    std::unique_ptr<Lasting> lasting_;
    analysis::Tick pending_;
    std::vector<Monotonic> reported_;  // by worker
    std::set<unsigned> settling_;      // workers whose next report is dropped
    std::unique_ptr<Histogram> canary_latency_, baseline_latency_;
    std::map<std::uint32_t, std::uint64_t> failing_;
    std::map<unsigned, std::pair<std::uint64_t, std::uint64_t>> under_way_;  // by worker: to, from
    bool warm_ = false;
    bool frozen_all_tick_ = false;  // thresholds were there before the tick's first request was counted
};

}  // namespace switchyard::control::rollout
