// From the workers' reports to the analysis' ticks: what belongs to this rollout, counted once per bucket where the
// split is sticky, and how fresh it is.
//
// Invariants: begin() drops what was counted before; of each worker the first report after it is dropped too, since it
//   begins before the step did. The code that begins a step therefore has the workers report at once: that report ends
//   what belongs to the step before, and everything after it counts. as_of() is never newer than the slowest worker's
//   last report.
//   Whose a request is, is decided by the generation that routed it, not by when it ends: what an earlier step of this
//   rollout sent is kept apart with that step's share (take_late), what was sent before the rollout is not counted.
// Threads: control. Units: monotonic milliseconds.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
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
#include "control/rollout/runner/marked_users.h"
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
        std::optional<analysis::FrozenQuantiles> frozen, frozen_whole;
        Histogram canary_latency, baseline_latency;
        Histogram canary_whole, baseline_whole;
        std::uint64_t keyless = 0;
        // Of sticky splits: whose marks have been counted, since which bet.
        analysis::BetClock bets;
        analysis::MarkTable failed;
        std::array<analysis::MarkTable, analysis::kLevels> slow, slow_whole;
        analysis::MarkTable tail, tail_whole;
        std::array<analysis::MarkTable, kAnswerKinds> answers;
        std::optional<analysis::SteadyBuckets> steady;  // where there is a cap: whose failures count one by one

        template <class Memory>
        void remember(Memory& m) {
            m("keyless", keyless);
            m("frozen", frozen), m("canary_latency", canary_latency), m("baseline_latency", baseline_latency);
            m("frozen_whole", frozen_whole), m("canary_whole", canary_whole), m("baseline_whole", baseline_whole);
            m("bets", bets), m("failed", failed);
            for (std::size_t i = 0; i < analysis::kLevels; ++i)
                m(std::string("slow_") + analysis::kLevelNames[i], slow[i]),
                    m(std::string("slow_whole_") + analysis::kLevelNames[i], slow_whole[i]);
            m("tail", tail), m("tail_whole", tail_whole);
            for (std::size_t i = 0; i < kAnswerKinds; ++i)
                m("answers_" + std::string(kAnswerWords[i].name), answers[i]);
            m("steady", steady);
        }
    };

    // How a step's requests are routed: since which generation, and with which share of the split (0: by rule).
    struct Routed {
        std::uint64_t since = 0;
        double share = 0.0;

        template <class Memory>
        void remember(Memory& m) {
            m("since", since), m("share", share);
        }
    };

    // What a step has come to, for another process that goes on with it.
    struct InStep {
        struct Earlier {
            Routed routed;
            double sent = 0.0;

            template <class Memory>
            void remember(Memory& m) {
                m("routed", routed), m("sent", sent);
            }
        };
        Routed routed;
        std::vector<Earlier> earlier;  // steps, oldest first
        std::optional<analysis::BucketCounts> seen;
        std::uint64_t sent_to = 0, sent_from = 0;
        Histogram canary_latency, baseline_latency, canary_whole, baseline_whole;
        bool frozen_all_tick = false;  // not whether it is warm: this process's connections are cold

        template <class Memory>
        void remember(Memory& m) {
            m("routed", routed), m("earlier", earlier), m("seen", seen), m("sent_to", sent_to);
            m("sent_from", sent_from), m("canary_latency", canary_latency), m("baseline_latency", baseline_latency);
            m("canary_whole", canary_whole), m("baseline_whole", baseline_whole);
            m("frozen_all_tick", frozen_all_tick);
        }
    };

    // What the baseline did before: how long its heads and its whole answers took.
    struct Past {
        Histogram head, whole;
    };

    explicit Intake(Places places);

    // A step begins: fresh counts, and quantiles frozen from `baseline` when that holds enough.
    void begin(Monotonic now, const Past& baseline, Routed routed);
    // Whether a generation with other shares is on its way: meanwhile nothing counts that a generation routes which has
    // not been seen before. To be said before each add().
    void changing(bool so) {
        if (!so)
            closed_after_ = kOpen;
        else if (closed_after_ == kOpen)
            closed_after_ = newest_;
    }
    // Of a worker beyond those of Places – another process's, which finishes what it has – nothing is waited for.
    void add(const WorkerReport& report, Monotonic now);
    // They are gone, with what they had under way.
    void forget_workers(unsigned from, unsigned to);
    // Whether what that generation routed is this rollout's.
    bool counts(std::uint64_t generation) const { return step_ && of_rollout(generation); }
    // Everything since the last call. `warm`: the canary's latency counts.
    analysis::Tick take(double seconds, bool warm);
    // What earlier steps sent and has ended since the last call. To be taken before take().
    std::vector<analysis::Late> take_late();

    bool sticky() const { return places_.sticky; }
    analysis::BetNumber bets_placed() const { return lasting_->bets.number(); }
    const Lasting& lasting() const { return *lasting_; }
    // Who asked and who was marked before is not known any more, so users are not told of.
    void restore(Lasting lasting) {
        *lasting_ = std::move(lasting);
        users_.reset();
    }
    InStep in_step() const;
    // After begin() of the same step: it goes on as if there had been no other process.
    void go_on(InStep step);
    // How many users of an arm have the marks of a kind (marked_users.h); nothing: none, or it is not known.
    std::optional<UserSpread> users(bool canary, std::string_view group) const {
        return users_ ? users_->of(canary).spread(group) : std::nullopt;
    }
    // The rollout has ended: half a megabyte of who was counted is not needed any more.
    void end();

    Monotonic as_of() const;
    const std::optional<analysis::FrozenQuantiles>& frozen() const { return lasting_->frozen; }
    const std::optional<analysis::FrozenQuantiles>& frozen_whole() const { return lasting_->frozen_whole; }
    // What a test has its marks by.
    const std::optional<analysis::FrozenQuantiles>& frozen_for(const std::string& test) const {
        return test.starts_with("duration") ? frozen_whole() : frozen();
    }
    // Requests without a sticky key, in all: no comparison of keys counts them.
    std::uint64_t keyless() const { return lasting_->keyless; }
    // Of this step, for people.
    const Histogram& canary_latency() const { return *canary_latency_; }
    const Histogram& baseline_latency() const { return *baseline_latency_; }
    const Histogram& canary_whole() const { return *canary_whole_; }
    // Failures of this route at endpoints, of the new upstream and others, since the rollout began, by Registry id.
    const std::map<std::uint32_t, std::uint64_t>& failing() const { return failing_; }

  private:
    static constexpr std::uint64_t kOpen = std::numeric_limits<std::uint64_t>::max();

    struct UnderWay {
        std::uint64_t to = 0, from = 0;            // of this rollout
        std::uint64_t step_to = 0, step_from = 0;  // of this step
        bool told = false;
        Histogram waiting_to, waiting_from;  // of this rollout: ages of those without a head
    };
    // An earlier step.
    struct Former {
        Routed routed;
        analysis::Late late;
        bool any = false;
    };

    analysis::Tick* booked(std::uint64_t generation);
    void add_cell(const Cell& cell, analysis::ArmCounts& arm) const;
    void add_in_flight(const WorkerReport& report);
    bool of_rollout(std::uint64_t generation) const;
    void add_waiting(const WorkerReport& report, UnderWay& under_way) const;
    void add_passage(const Passage& passage, bool settles);
    void add_bucket_passage(const Passage& passage, analysis::Tick& tick);
    void mark_slow(const FailedBuckets::Sample& sample, analysis::FirstMarks& first,
                   const analysis::BucketCounts::Asked& asked, bool told);
    std::size_t first_limit() const;
    void add_delta(const CellDelta& delta, bool settles);
    void add_buckets(const FailedBuckets& buckets, analysis::Tick& tick);
    void add_one_by_one(const FailedBuckets& buckets, analysis::SteadyBuckets& steady, analysis::Tick& tick) const;
    void note_user(const FailedBuckets::Sample& sample);
    void close_step();
    void freeze(const Histogram& heads, const Histogram& wholes);

    Places places_;
    std::unique_ptr<analysis::BucketCounts> seen_;  // in this step; null: the split is not sticky, or all is over
    struct Users {
        MarkedUsers canary, baseline;
        MarkedUsers& of(bool is_canary) { return is_canary ? canary : baseline; }
    };
    std::unique_ptr<Users> users_;  // null: as above, or the process was started since it began
    std::unique_ptr<Lasting> lasting_;
    analysis::Tick pending_;
    std::optional<Routed> step_;  // none has begun yet
    std::vector<Former> former_;  // oldest first
    std::uint64_t newest_ = 0;    // generation that was seen or begun
    std::uint64_t closed_after_ = kOpen;
    std::uint64_t sent_to_ = 0, sent_from_ = 0;  // requests of this step that have ended
    std::vector<Monotonic> reported_;            // by worker
    std::set<unsigned> settling_;                // workers whose next report is dropped
    std::unique_ptr<Histogram> canary_latency_, baseline_latency_, canary_whole_, baseline_whole_;
    std::map<std::uint32_t, std::uint64_t> failing_;
    std::map<unsigned, UnderWay> under_way_;  // by worker
    bool warm_ = false;
    bool frozen_all_tick_ = false;  // thresholds were there before the tick's first request was counted
};

}  // namespace switchyard::control::rollout
