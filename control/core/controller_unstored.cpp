// A return to an old release does not wait for the disk – for long: it is put in force, said loudly, and stored when
// that is possible.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "control/core/controller.h"
#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

// As often as a weight that could not be published is tried again.
constexpr std::chrono::milliseconds kRetryStore{500};

// What is said in place of a disk that says nothing.
Result<void> silent() {
    return problems::store_busy("the disk that holds state_dir does not answer");
}

}  // namespace

// In the order in which they came into force: nothing is durable before what it was made from.
void Controller::write_in_order(std::vector<Commit> commits, std::function<void(std::uint64_t, Result<void>)> then) {
    auto newest = std::make_shared<std::uint64_t>(0);
    writer_.write(
        [commits = std::move(commits), newest](Store& store) -> Result<void> {
            for (const auto& commit : commits) {
                if (auto kept = store.commit(commit); !kept) return kept;
                *newest = commit.generation.number;
            }
            return {};
        },
        [this, newest, then = std::move(then), alive = std::weak_ptr(alive_)](Result<void> result) {
            if (!alive.expired() && !stopped_) then(*newest, std::move(result));
        });
}

// By number: another return may have come into force while they were written, before what was written.
void Controller::took(std::uint64_t newest, const Result<void>& stored) {
    while (!unstored_.commits.empty() && unstored_.commits.front().generation.number <= newest) {
        const auto& oldest = unstored_.commits.front().generation;
        log_info("generation {} is stored now", oldest.number);
        events_.add("store", {{"verb", oldest.verb}, {"stored", oldest.number}});
        unstored_.commits.erase(unstored_.commits.begin());
    }
    if (unstored_.commits.empty())
        unstored_ = {};
    else if (!stored)
        unstored_.why = stored.error().detail;
}

void Controller::store_unstored(const Turn& turn, Settled then) {
    if (unstored_.commits.empty()) return then({});
    write_in_order(unstored_.commits, [this, turn, then = std::move(then)](std::uint64_t newest, Result<void> stored) {
        took(newest, stored);
        then(std::move(stored));
    });
}

void Controller::store(std::shared_ptr<Making> making) {
    making->storing = std::chrono::steady_clock::now();
    storing_ = making;
    if (making->change.unstored_if_need_be) {
        making->patience = std::make_unique<boost::asio::steady_timer>(executor_, kPatience);
        making->patience->async_wait(
            [this, weak = std::weak_ptr(making), alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
                const auto overdue = weak.lock();
                if (ec || alive.expired() || stopped_ || !overdue) return;
                store_answered(*overdue, silent());
            });
    }
    auto commits = unstored_.commits;
    commits.push_back(making->commit);
    write_in_order(std::move(commits), [this, making](std::uint64_t newest, const Result<void>& result) {
        took(newest, result);
        store_answered(*making, result);
    });
}

// By the disk, or in its place by the end of our patience.
void Controller::store_answered(Making& making, const Result<void>& stored) {
    if (std::exchange(making.decided, true)) return;
    if (!stored && !making.change.unstored_if_need_be) {
        events_.add("store", {{"verb", making.change.verb}, {"failed", stored.error().detail}});
        return making.done(stored.error());
    }
    if (!stored) {
        keep_unstored(making.commit, stored.error());
        making.receipt.unstored = stored.error().detail;
    }
    put_in_force(making);
}

// Not while another change waits for the disk longer than our patience lasts.
void Controller::in_turn_or_unstored(Change change, Steady arrived, Answered done) {
    if (refuses(done)) return;
    struct Queued {
        Change change;
        Answered done;
        std::unique_ptr<boost::asio::steady_timer> patience;
        bool begun = false;
    };
    const auto waiting = std::make_shared<Queued>(Queued{std::move(change), std::move(done), nullptr});
    turns_.take(
        [this, waiting, arrived](Turn turn) {
            if (std::exchange(waiting->begun, true)) return;
            make(std::move(waiting->change), arrived, std::move(waiting->done), std::move(turn));
        },
        Turns::Place::first);
    if (waiting->begun) return;
    waiting->patience = std::make_unique<boost::asio::steady_timer>(executor_, kPatience);
    waiting->patience->async_wait(
        [this, weak = std::weak_ptr(waiting), arrived, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
            const auto overdue = weak.lock();
            if (ec || alive.expired() || stopped_ || !overdue || std::exchange(overdue->begun, true)) return;
            make_unstored(std::move(overdue->change), arrived, std::move(overdue->done));
        });
}

// The change that waits for the disk is not put in force any more, whatever the disk will say of it: what comes now was
// made from what is in force without it.
void Controller::withdraw() {
    const auto making = storing_.lock();
    if (!making || std::exchange(making->decided, true)) return;
    withdrawn_ = making->commit.generation.number;
    log_warn(
        "generation {} ({}) is withdrawn: its disk has not answered, and a return to an old release goes before it",
        withdrawn_, making->change.verb);
    events_.add("store", {{"verb", making->change.verb}, {"withdrawn", withdrawn_}});
    making->done(problems::store_busy(
        "the disk that holds state_dir has not answered yet, and a return to an old release went before this change"));
}

// Until what has withdrawn it is stored, its rows may be found.
bool Controller::was_withdrawn(std::uint64_t generation) const {
    return generation == withdrawn_ ||
           std::ranges::any_of(unstored_.commits, [&](const Commit& commit) { return commit.withdraws == generation; });
}

void Controller::make_unstored(Change change, Steady arrived, Answered done) {
    withdraw();
    auto prepared = prepare(change);
    if (!prepared) return done(prepared.error());
    // Nothing to do: the receipt is made without the store, as it is in a turn.
    if (!prepared->snapshot) return make(std::move(change), arrived, std::move(done), {});
    Making making;
    making.receipt.previous = generation_;
    making.receipt.generation = next_number();
    making.receipt.workers = adoption_.count();
    making.receipt.changes = prepared->changes;
    making.receipt.moves = prepared->moves;
    making.commit = commit_of(change, *prepared);
    if (withdrawn_ > generation_) {
        making.commit.withdraws = withdrawn_;
        making.commit.generation.changes.push_back(
            fmt::format("generation {} was withdrawn before it was in force", withdrawn_));
    }
    making.receipt.unstored = silent().error().detail;
    making.change = std::move(change);
    making.prepared = std::move(*prepared);
    making.arrived = making.storing = arrived;
    making.done = std::move(done);
    keep_unstored(making.commit, silent().error());
    put_in_force(making);
}

void Controller::keep_unstored(const Commit& commit, const Problem& refusal) {
    if (unstored_.commits.empty()) {
        unstored_.stored = commit.generation.parent;
        unstored_.since = commit.generation.at;
    }
    unstored_.why = refusal.detail;
    unstored_.commits.push_back(commit);
    log_warn("generation {} ({}) is in force but not stored: {}; a restart before it is resumes generation {}",
             commit.generation.number, fmt::join(commit.generation.changes, "; "), refusal.detail, unstored_.stored);
    events_.add("store", {{"verb", commit.generation.verb},
                          {"unstored", commit.generation.number},
                          {"resumes", unstored_.stored},
                          {"failed", refusal.detail}});
    arm_store();
}

void Controller::arm_store() {
    store_timer_.expires_after(kRetryStore);
    store_timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (ec || alive.expired() || stopped_) return;
        turns_.take(
            [this](const Turn& turn) {
                store_unstored(turn, [this](const Result<void>&) {
                    if (!unstored_.commits.empty()) arm_store();
                });
            },
            Turns::Place::first);
    });
}

}  // namespace switchyard::control
