// Carries one release out: asks its machine what comes next, does it over the admin API, and writes down what happened
// before it goes on.
//
// Invariants: nothing is done that is not begun in the record; what was begun is looked at again, never taken for done,
//   so that a runner that was killed anywhere and another one that goes on come to the same end. While it lives it is
//   heard of every kBeat; a change that waits for its confirmation waits on as often.
// Threads: one; every wait is divided into short ones. Errors: sentences, in the record.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/deploy/story.h"
#include "control/cli/deploy/wanted.h"
#include "control/cli/verb.h"
#include "control/release/machine.h"

namespace switchyard::control::cli::deploy {

class Runner {
  public:
    // So long after it was last heard of, the proxy takes back what was not confirmed.
    static constexpr const char* kWithin = "30s";
    static constexpr std::chrono::seconds kBeat{5};
    // A proxy that restarts is waited for; longer than this and the release is no longer ours.
    static constexpr std::chrono::seconds kPatience{25};
    static constexpr std::chrono::milliseconds kLook{500};

    Runner(const Options& options, WantedRelease wanted);
    // Exit code.
    int run();

  private:
    using Clock = std::chrono::steady_clock;
    using Record = release::Record;
    using Step = release::Step;
    using What = release::Record::What;

    // preflight.cpp: everything that can be refused is refused before the first step.
    int preflight();
    bool read_route(std::vector<std::string>& wrong);
    std::string released_by_another();
    void dry_runs(std::vector<std::string>& wrong);
    std::optional<int> begin();  // an exit code when there is nothing to carry out
    int print_wrong(const std::vector<std::string>& wrong) const;
    void adopt_pending();

    // steps.cpp
    Record endpoints();
    Record start();
    Record healthy();
    Record smoke();
    Record smoke_through();
    // traffic.cpp
    Record traffic();
    Record at_once();
    Record watched();
    Record rolled_out();
    Record judged();
    Record drained();
    Record confirm();
    Record stop();
    Record act(Step step);
    // take_back.cpp
    Record take_back(Step step);
    Record traffic_back();
    Record endpoints_back();

    // runner.cpp
    ClientAnswer ask(const std::string& method, const std::string& path, const Json& body = nullptr,
                     const std::string& key = "");
    bool write(Record record);  // false: the record is not ours any more, or cannot be reached
    void beat();
    // Short sleep, a sign of life; a record when the step is over because a person interrupts or the change was taken
    // back.
    std::optional<Record> wait(Step step, std::chrono::milliseconds length = kLook);
    std::optional<Record> ended_from_outside(Step step);
    int finish();
    int gave_up(const std::string& why);
    Record said(What what, Step step, std::string detail, std::uint64_t generation = 0) const;
    // Of an answer: the sentence of its problem.
    static std::string why(const ClientAnswer& answer);
    Json split();  // of the route, as it is now
    bool all_to(const std::string& upstream);
    bool gets_nothing(const std::string& upstream);
    std::string smoke_host() const;
    std::string newest_rollout();   // of all; empty: there is none
    std::string rollout_of_ours();  // that moves the route this way, begun since the traffic step
    Json endpoints_now();           // of the new upstream, as they are written
    Json endpoints_before() const;  // before this release changed them; null: it has not
    std::string on_route() const;   // "/v1/routes/forum"
    std::vector<Json> endpoint_edits() const;
    std::optional<Record> find(What what, Step step) const;  // the latest since the change was last taken back
    std::string reason() const;

    const Options options_;
    WantedRelease wanted_;
    const AdminClient client_;
    Story story_;
    const std::string runner_;  // what the record knows this runner by
    Json config_;
    Json route_;  // of config_
    std::string from_;
    release::Machine machine_;
    std::vector<Record> journal_;
    std::uint64_t pending_ = 0;  // generation of ours that waits for its confirmation; 0: none
    std::string taken_;          // why the change is no longer there; empty: it is
    bool by_person_ = false;     // … and that it was no deadline that took it
    bool lost_ = false;          // the record is another runner's
    std::string lost_why_;
    Clock::time_point next_beat_{};
    bool heed_ = true;  // interruptions end a step
};

}  // namespace switchyard::control::cli::deploy
