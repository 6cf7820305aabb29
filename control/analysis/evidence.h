// What goes into the analysis each tick, and what comes out of it.
//
// Threads: plain values. Units: seconds, counts; ln_e is the natural logarithm of an e-value, threshold the value of
// ln_e at which the test acts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "control/analysis/fresh_marks.h"
#include "control/analysis/frozen_quantiles.h"
#include "proxy/base/answer_kind.h"

namespace switchyard::control::analysis {

// How long answers take, of those that have an end of their own.
struct Wholes {
    std::uint64_t asked = 0, tail = 0, twice_p90 = 0;
    SlowCounts slow{};
    Wholes& operator+=(const Wholes& o) {
        asked += o.asked, tail += o.tail, twice_p90 += o.twice_p90;
        for (std::size_t i = 0; i < kLevels; ++i) slow[i] += o.slow[i];
        return *this;
    }
};

// One arm's growth in one tick. First attempts only: a retry that the baseline saved is still the canary's failure.
struct ArmCounts {
    std::uint64_t attempts = 0;
    std::uint64_t failures = 0;
    std::uint64_t over_limit = 0;  // slower than the absolute p99 limit
    SlowCounts slow{};             // slower than the frozen baseline quantiles
    AnswerCounts answers{};        // by kind
    std::uint64_t twice_p90 = 0;   // slower than twice the frozen p90
    std::uint64_t tail = 0;        // slower than kTailTimes the frozen p99
    // Requests that have passed the old p50 and not ended yet, less those of them that have ended since: attempts and
    // these together are what `slow` and `tail` are counted of.
    std::int64_t early = 0;
    Wholes whole;
    ArmCounts& operator+=(const ArmCounts& o) {
        attempts += o.attempts, failures += o.failures, over_limit += o.over_limit;
        for (std::size_t i = 0; i < kLevels; ++i) slow[i] += o.slow[i];
        for (std::size_t i = 0; i < kAnswerKinds; ++i) answers[i] += o.answers[i];
        twice_p90 += o.twice_p90, tail += o.tail, early += o.early, whole += o.whole;
        return *this;
    }
    template <class Memory>
    void remember(Memory& m) {
        m("attempts", attempts), m("failures", failures), m("over_limit", over_limit), m("slow", slow);
        m("answers", answers);
    }
};

// Sticky splits: marks that are the first of their bucket for some bet, and what is counted one by one for the cap.
struct FirstWholes {
    std::array<FreshMarks, kLevels> slow;
    FreshMarks tail;
    std::uint64_t paced = 0, paced_tail = 0;
    SlowCounts paced_slow{};
    FirstWholes& operator+=(const FirstWholes& o) {
        for (std::size_t i = 0; i < kLevels; ++i) slow[i] += o.slow[i], paced_slow[i] += o.paced_slow[i];
        tail += o.tail, paced += o.paced, paced_tail += o.paced_tail;
        return *this;
    }
};

struct FirstMarks {
    std::uint64_t seen = 0;  // first request in this step, whatever came of it
    FreshMarks failed;
    std::array<FreshMarks, kLevels> slow;
    std::array<FreshMarks, kAnswerKinds> answers;
    std::uint64_t paced = 0;  // requests that the gate looks at (bucket_counts.h), and which of them were slow
    SlowCounts paced_slow{};
    FreshMarks tail;
    std::uint64_t paced_tail = 0;
    FirstWholes whole;
    std::uint64_t steady_attempts = 0, steady_failures = 0;  // of steady buckets (steady_buckets.h)
    FirstMarks& operator+=(const FirstMarks& o) {
        seen += o.seen, failed += o.failed;
        for (std::size_t i = 0; i < kLevels; ++i) slow[i] += o.slow[i], paced_slow[i] += o.paced_slow[i];
        paced += o.paced, tail += o.tail, paced_tail += o.paced_tail, whole += o.whole;
        for (std::size_t i = 0; i < kAnswerKinds; ++i) answers[i] += o.answers[i];
        steady_attempts += o.steady_attempts, steady_failures += o.steady_failures;
        return *this;
    }
};

struct Tick {
    double seconds = 0.0;
    // Sticky: how many users stand behind each arm in this step (bucket_counts.h); 0: not counted.
    double canary_users = 0.0, baseline_users = 0.0;
    BetNumber placed = 1;  // the last bet that was placed when it began (fresh_marks.h)
    ArmCounts canary, baseline;
    FirstMarks canary_first, baseline_first;
    // Under way right now, not growth: requests that an arm has got but not ended yet.
    std::uint64_t canary_in_flight = 0, baseline_in_flight = 0;
    // Of these, the ones that have no head for longer than the old p99; nothing: no worker has told.
    std::optional<std::uint64_t> canary_waiting, baseline_waiting;
    double old_p99 = 0.0;         // seconds, as frozen; 0: not yet
    bool latency_counts = false;  // the thresholds are frozen and the canary is warm: `slow` may be used
    Tick& operator+=(const Tick& later) {
        seconds += later.seconds, placed = later.placed;
        old_p99 = later.old_p99;
        canary_users = later.canary_users, baseline_users = later.baseline_users;
        canary += later.canary, baseline += later.baseline;
        canary_first += later.canary_first, baseline_first += later.baseline_first;
        canary_in_flight = later.canary_in_flight, baseline_in_flight = later.baseline_in_flight;
        canary_waiting = later.canary_waiting, baseline_waiting = later.baseline_waiting;
        latency_counts = latency_counts && later.latency_counts;
        return *this;
    }
};

// Requests that an earlier step of the rollout sent and that have ended now. They are judged by what sent them.
struct Late {
    Tick tick;           // without seconds
    double share = 0.0;  // of that step's split; 0: by rule
    double sent = 0.0;   // the canary's part of all requests of that step
    bool by_bucket() const { return share > 0.0; }
};

struct Row {
    std::string test;  // errors, raw, extra_failures, latency_p90, slo_errors, …
    double ln_e = 0.0;
    double threshold = 0.0;
    bool acts = true;    // at the threshold it rolls back
    bool holds = true;   // from half the threshold on it holds promotion back
    bool gated = false;  // it would act, but requests are not at that much more risk (risk_gate.h)
};

struct Alarm {
    std::string test;
    double ln_e = 0.0;
    double threshold = 0.0;
    std::uint64_t canary_marks = 0, baseline_marks = 0;  // what this test counted …
    std::uint64_t canary_asked = 0, baseline_asked = 0;  // … of so many requests; 0: of buckets, or all of them
    ArmCounts canary, baseline;                          // everything, since the rollout began
    double limit = 0.0;                                  // of an absolute test: the part that it allows
    double share = 0.0;                                  // and the weight at which it is alone
};

}  // namespace switchyard::control::analysis
