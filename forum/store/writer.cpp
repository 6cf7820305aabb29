#include "forum/store/writer.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace forum {

namespace {

// Bounds how long one batch keeps the write lock from other processes.
constexpr std::size_t kBatchMax = 256;
constexpr auto kBatchTime = std::chrono::milliseconds(15);
// A batch that a server undid five times has met more than a neighbour.
constexpr int kAttempts = 5;
constexpr int kLongestPauseMs = 50;
// A restarted server is there again within seconds; those who wait for an outcome wait no longer than their proxies do.
constexpr auto kResolveWithin = std::chrono::seconds(20);
constexpr auto kResolveEvery = std::chrono::milliseconds(100);

// Two writers that met go on at different times.
void pause_before(int attempt) {
    static thread_local std::minstd_rand random(std::random_device{}());
    const int most = std::min(kLongestPauseMs, 1 << attempt);
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + static_cast<int>(random()) % most));
}

}  // namespace

struct Writer::Pending {
    const Change* change;
    std::exception_ptr error = nullptr;
    bool started = false;  // guarded by the writer's mutex
    Instant since = now();
    // Each has a lock of its own: all who waited for one commit wake at the same time.
    std::mutex mutex = {};
    std::condition_variable changed = {};
    bool done = false;
};

Writer::Writer(Engine& engine, Instant patience) : engine_(engine), patience_(patience), turn_(engine.writer_turn()) {
    (void)connection();
    thread_ = std::thread([this] { work(); });
}

Writer::~Writer() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    work_there_.notify_all();
    thread_.join();
}

void Writer::run(const Change& change) {
    Pending pending{&change};
    {
        const std::lock_guard guard(mutex_);
        if (stopping_) throw StoreUnavailable("the writer is stopping");
        waiting_.push_back(&pending);
        if (waiting_.size() == 1) work_there_.notify_one();
    }
    const auto done = [&] { return pending.done; };
    std::unique_lock lock(pending.mutex);
    if (!pending.changed.wait_for(lock, std::chrono::milliseconds(patience_), done)) {
        lock.unlock();
        withdraw(pending);
        lock.lock();
        pending.changed.wait(lock, done);
    }
    lock.unlock();
    if (pending.error) std::rethrow_exception(pending.error);
}

// What has begun cannot be taken back any more.
void Writer::withdraw(Pending& pending) {
    const std::lock_guard guard(mutex_);
    if (pending.started) return;
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &pending));
    throw StoreUnavailable("the database was busy for too long; nothing was changed");
}

WriterCounts Writer::counts() const {
    const std::lock_guard guard(mutex_);
    WriterCounts counts = counts_;
    counts.waiting = waiting_.size();
    counts.oldest_waits_ms = waiting_.empty() ? 0 : now() - waiting_.front()->since;
    return counts;
}

Connection& Writer::connection() {
    if (connection_ == nullptr) {
        connection_ = std::make_unique<Connection>(engine_.open(Purpose::writing));
        connection_->gather_for_commit();
    }
    return *connection_;
}

void Writer::work() {
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            work_there_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
        }
        Batch batch;
        for (int attempt = 1; write(batch, attempt); ++attempt) pause_before(attempt);
        finish(batch);
        if (connection_ != nullptr) turn_->end(connection_->session());
    }
}

// Waits until no other program writes.
void Writer::take_turn() {
    const bool again = connection_ == nullptr;
    turn_->begin(connection().session());
    if (!again) return;
    const std::lock_guard guard(mutex_);
    ++counts_.reconnects;
}

// Only when it is this process's turn: everything that came while it waited goes into the same commit.
void Writer::take(Batch& batch) {
    const std::lock_guard guard(mutex_);
    while (!waiting_.empty() && batch.size() < kBatchMax) {
        batch.push_back(waiting_.front());
        waiting_.pop_front();
        batch.back()->started = true;
    }
}

bool Writer::write(Batch& batch, int attempt) {
    std::size_t applied = 0;
    bool begun = false;
    try {
        take_turn();
        begun = true;
        if (batch.empty()) take(batch);
        const std::int64_t rows_before = connection_->session().changed_rows();
        for (Pending* pending : batch) pending->error = nullptr;
        applied = apply_all(batch);
        const bool nothing_left = batch.size() == 1 && batch[0]->error;
        if (!nothing_left) commit();
        count(applied, connection_->session().changed_rows() != rows_before);
    } catch (const StoreError& e) {
        undo();
        // A connection that the server closed while it was idle, or before it was started again, is made anew.
        const bool stale = e.failure() == StoreFailure::gone && !begun && attempt == 1;
        if (stale || (e.failure() == StoreFailure::retry && attempt < kAttempts)) {
            if (connection_ != nullptr) turn_->end(connection_->session());
            const std::lock_guard guard(mutex_);
            ++counts_.retries;
            return true;
        }
        if (batch.empty()) take(batch);
        if (dynamic_cast<const OutcomeUnknown*>(&e) != nullptr) {
            fail(batch, std::current_exception(), e.what());
        } else {
            fail(batch, std::make_exception_ptr(StoreUnavailable(std::string("nothing was changed: ") + e.what())),
                 e.what());
        }
        return false;
    } catch (const std::exception& e) {
        // The lock file itself is gone: say so to those who wait instead of writing without turns.
        undo();
        if (batch.empty()) take(batch);
        fail(batch, std::make_exception_ptr(StoreUnavailable(e.what())), e.what());
        return false;
    }
    // What the time limit left over comes first in the next batch.
    const std::lock_guard guard(mutex_);
    for (; batch.size() > applied; batch.pop_back()) waiting_.push_front(batch.back());
    return false;
}

std::size_t Writer::apply_all(const Batch& batch) {
    const auto begin = std::chrono::steady_clock::now();
    std::size_t applied = 0;
    for (; applied < batch.size(); ++applied) {
        if (std::chrono::steady_clock::now() - begin > kBatchTime) break;
        apply(*batch[applied], batch.size() == 1);
    }
    connection_->run_gathered();
    return applied;
}

void Writer::apply(Pending& pending, bool alone) {
    DatabaseSession& session = connection_->session();
    const std::size_t gathered = connection_->gathered();
    if (!alone) session.set_savepoint();
    try {
        (*pending.change)(*connection_);
        if (!alone) session.release_savepoint();
    } catch (const StoreError& e) {
        if (ends_transaction(e.failure())) throw;
        pending.error = std::current_exception();
    } catch (...) {
        pending.error = std::current_exception();
    }
    if (!pending.error) return;
    connection_->forget_gathered(gathered);
    if (alone) {
        session.roll_back();
        (void)connection_->take_touched();
    } else {
        session.roll_back_to_savepoint();
        session.release_savepoint();
    }
}

void Writer::commit() {
    const Touched touched = connection_->take_touched();
    try {
        turn_->commit(connection_->session(), touched);
    } catch (const OutcomeUnknown& e) {
        if (!resolve()) throw StoreUnavailable(e.what(), StoreFailure::gone);
    }
}

void Writer::count(std::size_t applied, bool stored) {
    const std::lock_guard guard(mutex_);
    ++counts_.commits;
    counts_.changes += applied;
    counts_.last_commit_at = now();
    // A transaction that changed nothing succeeds on a full disk as well.
    if (stored) counts_.failure.clear();
}

// Asks on a new connection what became of the commit whose answer was lost: the one before holds the turn until the
// server has ended it one way or the other. Throws OutcomeUnknown when there was no connection in time.
bool Writer::resolve() {
    const auto end = std::chrono::steady_clock::now() + kResolveWithin;
    for (;;) {
        try {
            connection_.reset();
            const bool there = turn_->was_committed(connection().session());
            const std::lock_guard guard(mutex_);
            ++counts_.unknown_resolved;
            ++counts_.reconnects;
            return there;
        } catch (const StoreError& e) {
            if (std::chrono::steady_clock::now() > end) {
                const std::lock_guard guard(mutex_);
                ++counts_.unknown_left;
                throw OutcomeUnknown(e.what(), StoreFailure::gone);
            }
        }
        std::this_thread::sleep_for(kResolveEvery);
    }
}

void Writer::undo() noexcept {
    if (connection_ == nullptr) return;
    (void)connection_->take_touched();
    connection_->forget_gathered(0);
    try {
        if (connection_->session().is_alive()) connection_->session().roll_back();
    } catch (const StoreError&) {
        // SQLite has rolled back by itself, as it does when the disk is full.
    }
    if (!connection_->session().is_alive()) connection_.reset();
}

void Writer::fail(const Batch& batch, const std::exception_ptr& error, const char* why) {
    for (Pending* pending : batch) pending->error = error;
    const std::lock_guard guard(mutex_);
    ++counts_.failed_commits;
    counts_.failure = why;
}

void Writer::finish(const Batch& batch) {
    for (Pending* pending : batch) {
        const std::lock_guard guard(pending->mutex);
        pending->done = true;
        pending->changed.notify_one();
    }
}

}  // namespace forum
