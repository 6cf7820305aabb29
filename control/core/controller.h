// The single writer: change → validate → compile → store → publish → all adopted → answer.
//
// Invariants: the generation never goes back; nothing is published that is not durable, but for a return to an old
//   release while the store refuses (controller_unstored.cpp); nothing is answered 200 that
//   some worker may not route by yet; a refused change changes nothing. Changes are made one after the other, in the
//   order of their arrival; a change does not wait for the adoption of the one before it, so a stopped worker slows
//   no answer beyond kAdoptionWait. Each has its turn (turns.h) from its first look until the disk has answered;
//   everything else – reading, adoption, drains, dry runs – goes on meanwhile, by the configuration in force.
// Threads: control only, which never waits: the store is written to by a StoreWriter.
// Owns: the configuration in force, the drains, the deadline of a change that waits for confirmation.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/base/timestamp.h"
#include "control/core/adoption.h"
#include "control/core/answers.h"
#include "control/core/change.h"
#include "control/core/data_plane.h"
#include "control/core/drain_book.h"
#include "control/core/event_log.h"
#include "control/core/file_status.h"
#include "control/core/judge.h"
#include "control/core/long_work.h"
#include "control/core/named_files.h"
#include "control/core/turns.h"
#include "control/store/store.h"
#include "control/store/store_writer.h"
#include "proxy/base/histogram.h"

namespace switchyard::control {

class Controller {
  public:
    // How long a change waits for the last worker before it answers 202 and names it.
    static constexpr std::chrono::milliseconds kAdoptionWait{1000};
    // How long a return to an old release waits for the disk, or for a change that waits for it, before it is put in
    // force unstored: a bad release costs more than a history that is complete a moment later.
    static constexpr std::chrono::milliseconds kPatience{1000};

    // What the controller drives. Outlives it.
    struct Doors {
        DataPlane& data_plane;
        NamedFiles& files;
        LongWork* aside = nullptr;  // null: long work is done here
    };

    // `store` is for reading; what is to be kept goes to `writer`. Both outlive the controller.
    Controller(boost::asio::any_io_executor executor, unsigned workers, Store& store, StoreWriter& writer,
               const Doors& doors);

    // The generation the process starts with: compiled and stored by the caller, published as the first one.
    void begin(std::shared_ptr<const config::Model> model, std::shared_ptr<const Snapshot> snapshot,
               std::uint64_t generation);
    // Takes up the deadline of a change that was waiting for confirmation when the process ended.
    Result<void> resume_pending();
    // Nothing is changed from now on: 503 for this reason. `then` when what was under way is durable; not if go_on()
    // comes before.
    void hold_changes(Problem why, std::function<void()> then);
    bool holds_changes() const { return refusing_.has_value(); }
    void go_on();
    // Calls that wait for the workers, or for their turn.
    bool answers_wait() const { return !waiting_.empty(); }
    // Another process has decided and stored this: it is in force here as well.
    void take_up(std::shared_ptr<const config::Model> model, std::shared_ptr<const Snapshot> snapshot);
    // A process beside this one that has to adopt what is decided here, until it is gone. `tells`: what it has in
    // flight it says with reported(). `adopted`: what it goes by, which may be older than what is in force.
    unsigned joined(bool tells, std::uint64_t adopted);
    // Another process's drains, once those that still have something have joined.
    void go_on_draining(std::vector<Drain> drains, const std::map<std::uint32_t, std::string>& upstreams);
    // What it has in flight was told before with reported(), and can only have become less since.
    void adopted_elsewhere(unsigned number, std::uint64_t generation);
    void paused(unsigned number) { drains_.paused(number); }
    void left(unsigned number);
    // Deadlines and waiting calls end; nothing is answered any more.
    void stop();

    // The generation in force with other addresses of names: same number, nothing stored, nothing undone by an undo.
    void republish(std::shared_ptr<const Snapshot> snapshot);

    void change(Change change, Answered done);
    // The configuration of `to` again, as a new generation; 0: what way_back() finds.
    void undo(std::uint64_t to, Change change, Answered done);
    using Settled = std::function<void(Result<void>)>;
    void confirm(std::uint64_t generation, const Caller& caller, Settled done);
    // Waits on: its deadline is at least `within` from now, never sooner than it was. Answers the deadline.
    void wait_on(std::uint64_t generation, std::chrono::milliseconds within, const Caller& caller,
                 std::function<void(Result<WallTime>)> done);
    // What changed from the file last taken over to `file` is applied to what is in force; 409 with every conflict
    // where they contradict each other. `change` has neither edit nor file yet.
    void take_file(config::Model file, const std::string& hash, bool file_wins, Change change, Answered done);

    // From the workers.
    void adopted(unsigned worker, std::uint64_t generation, std::vector<InFlight> older);
    void retired(unsigned worker, std::uint64_t generation);
    void reported(unsigned worker, const std::vector<InFlight>& in_flight);

    const config::Model& model() const { return *model_; }
    std::shared_ptr<const config::Model> shared_model() const { return model_; }
    const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
    std::uint64_t generation() const { return generation_; }
    const Adoption& adoption() const { return adoption_; }
    // Its id may be another's from now on.
    void forget_upstream(std::uint32_t id) { drains_.forget(id); }
    const DrainBook& drains() const { return drains_; }
    const std::optional<PendingConfirmation>& pending() const { return pending_; }
    // What is in force and not durable: a restart would lose it.
    struct Unstored {
        std::uint64_t stored = 0;     // the newest generation that is
        std::vector<Commit> commits;  // those after it, oldest first; empty: all is durable
        std::string since, why;
    };
    const Unstored& unstored() const { return unstored_; }
    // Changes that wait for the one before them.
    std::size_t waiting() const { return turns_.waiting(); }
    // 409 while a change waits for its confirmation: whatever holds on to the configuration now would be in the way of
    // the undo that was promised.
    Result<void> nothing_pending() const;
    Facts facts() const { return doors_.data_plane.facts(*model_); }
    // To be read from.
    Store& store() { return store_; }
    StoreWriter& writer() { return writer_; }
    EventLog& events() { return events_; }
    // The configuration file, as far as this process has looked at it.
    const FileStatus& file() const { return file_; }
    void file_is(FileStatus::Word word, const std::string& hash, std::optional<Problem> problem);
    // `since` is when it was taken over, or now.
    void begin_file(FileStatus status) { file_ = std::move(status); }
    // The state directory was given to the process: what a file says of it is not meant for this one.
    void state_dir_is_given() { state_dir_given_ = true; }
    const Histogram& publish_durations() const { return publish_durations_; }
    double publish_seconds() const { return publish_seconds_; }
    // On top of another process's.
    void go_on_from(const Histogram& publish_durations, double seconds) {
        publish_durations_ = publish_durations;
        publish_seconds_ = seconds;
    }

    // `ring` is called whenever a drain has changed, until unsubscribed.
    unsigned on_drain(std::function<void()> ring);
    void off_drain(unsigned subscription) { drain_bells_.erase(subscription); }
    bool drain_watched() const { return !drain_bells_.empty(); }
    // Rollouts say which routes they hold.
    void hold_with(std::function<Holder(const std::string& route)> held_by) { held_by_ = std::move(held_by); }

  private:
    using Steady = std::chrono::steady_clock::time_point;

    struct Prepared {
        std::shared_ptr<const config::Model> model;
        std::string text;                          // as it is stored
        std::shared_ptr<const Snapshot> snapshot;  // null: nothing to do
        std::vector<std::string> changes;
        std::vector<std::string> moves;
    };
    // A change that is being made durable.
    struct Making {
        Change change;
        Prepared prepared;
        Receipt receipt;
        Commit commit;
        Steady arrived, storing;
        Answered done;
        Turn turn;
        bool decided = false;  // in force, refused or withdrawn: what the disk says later only tells what is durable
        std::unique_ptr<boost::asio::steady_timer> patience{};
    };
    struct Waiting {
        Receipt receipt;
        Steady arrived, published;
        Answered done;
        std::unique_ptr<boost::asio::steady_timer> timer;
    };

    bool answered_before(const Change& change, Answered& done);
    Result<void> timely(const Change& change) const;
    Result<Judged> judge_now(const Change& change) const;
    Result<Prepared> prepare(const Change& change) const;
    Result<Prepared> compiled(Judged judged) const;
    Result<config::Model> model_of(std::uint64_t generation);
    Result<void> held(const config::Model& next, const Change& change) const;
    Holders holders() const;
    // Costs nothing when it is kept already: a file that is read again must not fail for a full disk.
    void keep_base(const FileBase& base, Settled done);
    Edit merging(config::Model file, const std::optional<FileBase>& kept, bool file_wins) const;
    Commit commit_of(const Change& change, const Prepared& prepared) const;
    // Answers `done`, where nothing may be changed.
    template <class D>
    bool refuses(const D& done) const {
        if (refusing_) done(*refusing_);
        return refusing_.has_value();
    }
    bool was_withdrawn(std::uint64_t generation) const;
    // Of the next generation: above that of a change which was withdrawn and may be durable all the same.
    std::uint64_t next_number() const { return std::max(generation_, withdrawn_) + 1; }
    void in_turn(bool dry_run, const Answered& done, Turns::Job job);
    void in_turn_or_unstored(Change change, Steady arrived, Answered done);
    void make(Change change, Steady arrived, Answered done, Turn turn);
    void read_and_compile(Change change, Judged judged, Steady arrived, Answered done, Turn turn);
    void judge_aside(Change change, Steady arrived, Answered done, Turn turn);
    void made(Change change, Prepared prepared, Steady arrived, Answered done, Turn turn);
    void make_unstored(Change change, Steady arrived, Answered done);
    void store(std::shared_ptr<Making> making);
    void store_answered(Making& making, const Result<void>& stored);
    void withdraw();
    void put_in_force(Making& making);
    // An undo; looked at again when its turn comes: `wanted` may have changed by then.
    void return_to(std::uint64_t to, Change change, Answered done, const std::function<bool()>& wanted);
    void return_now(std::uint64_t to, Change change, Steady arrived, Answered done, Turn turn);
    void return_read(config::Model earlier, std::optional<config::Model> begun, Change change, Steady arrived,
                     Answered done, Turn turn);
    void open_drain(const Change& change, const config::Model& before, const config::Model& after);
    void finish(std::uint64_t generation);
    void answer_who_waits();
    void ring_drains();
    void arm_drain_deadline();
    void arm_confirmation();
    void not_confirmed();
    Result<void> waits(std::uint64_t generation) const;
    // One after the other until one is refused; `then` hears the number of the newest that is durable, or 0.
    void write_in_order(std::vector<Commit> commits, std::function<void(std::uint64_t, Result<void>)> then);
    void store_unstored(const Turn& turn, Settled then);
    void took(std::uint64_t newest, const Result<void>& stored);
    void keep_unstored(const Commit& commit, const Problem& refusal);
    void arm_store();

    const boost::asio::any_io_executor executor_;
    Store& store_;
    StoreWriter& writer_;
    const Doors doors_;
    std::function<Holder(const std::string&)> held_by_;
    FileStatus file_;
    bool state_dir_given_ = false;
    std::shared_ptr<const config::Model> model_;
    std::shared_ptr<const Snapshot> snapshot_;
    std::uint64_t generation_ = 0;
    Adoption adoption_;
    DrainBook drains_;
    Answers answers_;
    EventLog events_;
    Turns turns_;
    std::optional<Problem> refusing_;           // why nothing is changed
    Turn held_turn_;                            // by hold_changes()
    std::weak_ptr<Making> storing_;             // the change that has its turn, while the disk has not answered
    std::uint64_t withdrawn_ = 0;               // the number of the last one that was withdrawn
    std::map<std::uint64_t, Waiting> waiting_;  // by the generation whose adoption they wait for
    std::optional<PendingConfirmation> pending_;
    std::string
        waits_on_for_;  // who has asked last to wait on for it: the audit has a line for each, not for each time
    boost::asio::steady_timer confirmation_timer_;
    boost::asio::steady_timer drain_timer_;
    boost::asio::steady_timer store_timer_;
    Unstored unstored_;
    std::map<unsigned, std::function<void()>> drain_bells_;
    unsigned next_drain_bell_ = 1;
    Histogram publish_durations_;  // publish to last adoption
    double publish_seconds_ = 0;   // their sum
    bool stopped_ = false;
    // A timer that has run out may be on its way when the controller dies: its handler looks at this first.
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace switchyard::control
