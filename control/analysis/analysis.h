// The whole analysis of one rollout: ticks in, an alarm or a permission to promote out.
//
// begin_step() for each step, add() for each tick (50 ms is usual; any length is valid), then alarm() and
// promotion(). Evidence goes on across steps, as the share enters each tick; only what certifies a step starts anew.
// Invariants: an alarm stays. Nothing here reads a clock: how long a tick took is an argument.
// Guarantee: for a canary that is no worse than the baseline (and keeps its absolute limits while alone), the chance
//   of an alarm ever is at most Settings::false_alarm. What that rests on: docs/rollouts.md.
// Threads: one owner. Errors: none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/analysis/answer_tests.h"
#include "control/analysis/error_tests.h"
#include "control/analysis/evidence.h"
#include "control/analysis/gathering.h"
#include "control/analysis/last_twenty.h"
#include "control/analysis/latency_alone.h"
#include "control/analysis/sample_ratio.h"
#include "control/analysis/settings.h"
#include "control/analysis/slo_guard.h"
#include "control/analysis/speed_tests.h"
#include "control/analysis/waiting.h"

namespace switchyard::control::analysis {

// How the traffic of a step reaches the canary.
enum class Assignment : std::uint8_t {
    per_request,  // the split decides anew for every request
    sticky,       // the split decides by bucket
    by_rule       // no split: only requests that a rule sends; nothing is random
};

struct Promotion {
    bool allowed = false;
    std::string why;          // what it rests on, or what it waits for; for people
    std::uint64_t lacks = 0;  // so many more requests of the canary's before anything else is asked
};

class Analysis {
  public:
    static constexpr double kPromoteAlpha = 0.05;
    static constexpr std::uint64_t kFewestCanaryRequests = 300;  // in the step
    static constexpr double kSuspicion = 0.5;                    // of a threshold in logarithm: no promotion meanwhile
    static constexpr double kMismatchAlpha = 0.0001;
    // By rule there is no crowd: a handful of requests, none of them suspicious, is what a header step can show.
    static constexpr std::uint64_t kFewestByRule = 5;

    explicit Analysis(const Settings& settings);

    void begin_step(Assignment assignment, double share);
    void set_baseline(std::uint64_t failures, std::uint64_t attempts) { slo_.set_baseline(failures, attempts); }
    void add(const Tick& tick);
    // Counts for the rollout and not for this step.
    void add_late(const Late& late);

    const std::optional<Alarm>& alarm() const { return alarm_; }
    Promotion promotion() const;
    // A kind of answer that the new release gives too often: the step is held until a person decides.
    const std::optional<Alarm>& held_by() const { return answers_.found(); }
    // Whether a step in which the canary is alone may begin now: not while the baseline itself fails more than will
    // hold there. What it waits for, else empty.
    std::string alone_refused() const;
    bool mismatch() const;  // the split does not deliver its shares: no comparison can be trusted
    bool any_evidence() const { return step_canary_.attempts > 0; }  // of the step: the canary was asked at all

    std::vector<Row> rows() const;
    const ArmCounts& canary() const { return canary_; }  // since the rollout began
    const ArmCounts& baseline() const { return baseline_; }
    const ArmCounts& step_canary() const { return step_canary_; }
    const ArmCounts& step_baseline() const { return step_baseline_; }
    double promote_log_evidence() const;
    double extra_failures() const { return errors_.extra_failures(); }
    double failure_limit() const { return slo_.failure_limit(); }  // the absolute one

    // What outlives the process: everything that can raise the alarm, nothing that permits a step. Written and read
    // by the same list, here and in each part.
    template <class Memory>
    void remember(Memory& m) {
        m("errors", errors_), m("speeds", speeds_), m("slo", slo_), m("answers", answers_);
        m("last_twenty", last_twenty_);
        m("canary", canary_), m("baseline", baseline_);
    }
    // What permits a step, for a process that goes on with it. A block that both arms have not filled yet (gathering.h)
    // is not counted: when it is cut knows nothing of what is in it.
    template <class Memory>
    void remember_step(Memory& m) {
        errors_.remember_step(m), slo_.remember_step(m);
        m("ratio", ratio_), m("waiting", waiting_);
        m("latency_alone", latency_alone_), m("duration_alone", duration_alone_);
        m("step_canary", step_canary_), m("step_baseline", step_baseline_);
    }

  private:
    void compare(const Tick& block);
    void judge();

    Budget budget_;
    ErrorTests errors_;
    SpeedTests speeds_;
    SloGuard slo_;
    AnswerTests answers_;
    LastTwenty last_twenty_;
    LatencyAlone latency_alone_, duration_alone_;
    Waiting waiting_;
    SampleRatio ratio_;
    Gathering gathering_;
    bool ratio_checked_;
    Assignment assignment_ = Assignment::per_request;
    ArmCounts canary_, baseline_, step_canary_, step_baseline_;
    std::optional<Alarm> alarm_;
};

}  // namespace switchyard::control::analysis
