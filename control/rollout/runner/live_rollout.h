// One rollout while the process runs: the state machine's effects made real, and the evidence it asks for.
//
// Invariants: a record is durable before the weight it raises is published (a weight that falls does not wait for the
//   disk); a step's evidence begins when every worker routes by its weight.
// Threads: control. Owns: machine, analysis, counts, publication. Lives in a shared_ptr: answers that come late find it
// gone.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/analysis/analysis.h"
#include "control/base/result.h"
#include "control/rollout/machine.h"
#include "control/rollout/runner/checks.h"
#include "control/rollout/runner/doors.h"
#include "control/rollout/runner/intake.h"
#include "control/rollout/runner/mark_places.h"
#include "control/rollout/runner/presence.h"
#include "control/rollout/runner/recent_traffic.h"
#include "control/rollout/runner/timeline.h"
#include "control/rollout/runner/weight_publication.h"

namespace switchyard::control::rollout {

class LiveRollout : public std::enable_shared_from_this<LiveRollout> {
  public:
    using Json = nlohmann::ordered_json;
    // A restart loses at most this much of what was counted, in a sticky split what came since the last bet was placed
    // (fresh_marks.h): each writing is one fsync, and up to 2 MiB there.
    static constexpr Monotonic kKeepEvidence{5000};
    // A disk that takes longer to keep the journal is said to be what everything waits for.
    static constexpr Monotonic kDiskHangs{1000};

    LiveRollout(std::string id, Plan plan, const Doors& doors, const RecentTraffic& recent);

    // `force`: the first weight is published whatever the guard finds.
    void start(const std::string& by, bool force = false);
    // From what keep() was given before the restart. Without evidence, or with some of another version, the tests begin
    // anew and an event says so.
    void restore(const std::vector<Record>& records, Timeline timeline, const Json& evidence);

    // What another process needs to go on with it as if it were this one, while this one does nothing any more.
    Json handed_on();
    // There: with what handed_on() has told. Where that cannot be used it is as after a restart.
    void take_over(const std::vector<Record>& records, Timeline timeline, const Json& evidence, const Json& told);

    void report(const WorkerReport& report);
    void forget_workers(unsigned from, unsigned to) { intake_->forget_workers(from, to); }
    void tick();
    // An endpoint of any upstream has gone down.
    void went_down(const std::string& upstream, const std::string& address);

    // `force`: the weight is published whatever the guard finds.
    Result<void> promote(const std::string& by, bool force = false);
    Result<void> pause(const std::string& by);
    Result<void> resume(const std::string& by);
    Result<void> abort(const std::string& by);

    const std::string& id() const { return id_; }
    const Machine& machine() const { return machine_; }
    const analysis::Analysis& analysis() const { return *analysis_; }
    const std::vector<Record>& journal() const { return journal_; }
    const Timeline& timeline() const { return timeline_; }
    const Intake& intake() const { return *intake_; }
    Ppm weight_in_force() const { return publication_->in_force(); }
    // Something is left to do: the last weight is not in force, or the disk does not know yet how it ended.
    bool busy() const { return !machine_.closed() || unkept_; }
    const std::string& publish_problem() const {
        return journal_problem_.empty() ? publication_->problem() : journal_problem_;
    }
    Json failing_endpoints() const;  // of the new upstream, most failures first
    // What the old upstream did just before this moment, whatever sent it: all there is to compare with at first.
    RecentTraffic::Sum recent_baseline() const;
    const Checks& checks() const { return checks_; }
    const MarkPlaces& places() const { return places_; }
    const Presence& presence() const { return presence_; }
    std::string why() const;  // with until when it waits

  private:
    void perform(Effects effects);
    Result<void> wished(Effects effects, const std::string& refusal);
    void keep();
    std::string journal_text() const;
    // The journal where it is not durable; else empty.
    std::string unkept() const { return unkept_ ? journal_text() : std::string(); }
    void kept(std::size_t records, const Result<void>& result);
    Json evidence() const;
    void count(Monotonic now);
    void come_up(Effects effects);
    bool recall_all(const std::vector<Record>& records, Timeline timeline, const Json& evidence);
    void keep_picture();
    void keep_evidence();
    bool evidence_due(Monotonic now) const;
    void arrived(Ppm weight);
    void begin_step(const effect::BeginStep& step);
    void announce(const Announcement& announcement);
    void run_checks(Monotonic now);
    Findings findings() const;
    bool next_is_alone() const;
    void add_to_picture(const analysis::Tick& tick);
    void sample(const analysis::Tick& tick, Monotonic now);
    void note_marks();
    Json where(const analysis::Alarm& alarm) const;
    std::string users(const analysis::Alarm& alarm) const;
    std::string unseen() const;

    const std::string id_;
    const Doors& doors_;
    const RecentTraffic& recent_;
    Machine machine_;
    std::unique_ptr<analysis::Analysis> analysis_;
    std::unique_ptr<Intake> intake_;
    Checks checks_;
    Presence presence_;
    bool sticky_ = false;

    std::vector<Record> journal_;
    bool insists_ = false;  // the operator wishes for what is being performed: past the guard
    bool unkept_ = false;   // the journal in memory is ahead of the disk
    bool keeping_ = false;  // and on its way there
    bool giving_ = false;   // to the disk, right now
    Monotonic keeping_since_{0};
    std::string journal_problem_;
    Monotonic evidence_kept_ = kNever;
    analysis::BetNumber bets_kept_ = 0;  // that were placed when it was last written
    bool counted_since_ = false;
    std::map<std::string, std::uint64_t> failing_before_;  // by address, up to the restart
    Timeline timeline_;
    Sample gathering_;

    std::shared_ptr<WeightPublication> publication_;
    std::optional<effect::BeginStep> to_begin_;
    Json told_;                // how far another process had come in the step that is about to begin
    std::uint64_t epoch_ = 0;  // that the counts belong to; 0: none yet

    Monotonic started_{0};
    Monotonic last_tick_{0};
    std::optional<Monotonic> canary_since_;            // its first request
    double rate_seconds_ = 0.0, rate_requests_ = 0.0;  // of the canary's, fading
    MarkPlaces places_;
    std::string held_words_;            // why a person has to decide; empty: no kind of answer holds the step
    std::optional<MarkLimits> noting_;  // what the workers were told
};

}  // namespace switchyard::control::rollout
