#include "forum/store/writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace forum {

namespace {

// Bounds how long one batch keeps the write lock from other processes.
constexpr std::size_t kBatchMax = 256;
constexpr auto kBatchTime = std::chrono::milliseconds(15);
// A batch changes more pages than the two megabytes that SQLite holds by itself; what does not fit is written twice.
constexpr const char* kCache = "PRAGMA cache_size = -16384";

// Whatever goes wrong in between, the other process gets its turn.
class Turn {
  public:
    explicit Turn(SideFile& side) : side_(side) { side_.enter_turnstile(); }
    ~Turn() {
        try {
            side_.leave_turnstile();
        } catch (const std::exception&) {
            // The operating system does not know the lock any more; the next one that enters is told.
        }
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

  private:
    SideFile& side_;
};

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

Writer::Writer(const std::string& file, SideFile& side, Instant patience)
    : side_(side),
      patience_(patience),
      connection_(file, Connection::Mode::read_write),
      log_keeper_(file),
      thread_([this] { work(); }) {}

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

void Writer::work() {
    connection_.execute(kCache);
    connection_.watch_log();
    connection_.gather_for_commit();
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            work_there_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
        }
        std::deque<Pending*> batch;
        try {
            const Turn turn(side_);
            batch = take_batch();
            if (!batch.empty()) commit(batch);
            finish(batch);
            batch.clear();
            log_keeper_.log_grew(connection_);
        } catch (const std::exception& e) {
            // The lock file itself is gone: say so to those who wait instead of writing without turns.
            if (batch.empty()) batch = take_batch();
            for (Pending* pending : batch) {
                if (!pending->error) pending->error = std::make_exception_ptr(StoreUnavailable(e.what()));
            }
        }
        finish(batch);
    }
}

// Taken only when it is this process's turn: everything that came while it waited goes into the same commit.
std::deque<Writer::Pending*> Writer::take_batch() {
    const std::lock_guard guard(mutex_);
    std::deque<Pending*> batch;
    while (!waiting_.empty() && batch.size() < kBatchMax) {
        batch.push_back(waiting_.front());
        waiting_.pop_front();
        batch.back()->started = true;
    }
    return batch;
}

void Writer::commit(std::deque<Pending*>& batch) {
    std::size_t applied = 0;
    const std::int64_t rows_before = connection_.changed_rows();
    try {
        connection_.execute("BEGIN IMMEDIATE");
        const auto begin = std::chrono::steady_clock::now();
        for (; applied < batch.size(); ++applied) {
            if (std::chrono::steady_clock::now() - begin > kBatchTime) break;
            apply(*batch[applied], batch.size() == 1);
        }
        const bool nothing_left = batch.size() == 1 && batch[0]->error;
        connection_.run_gathered();
        if (!nothing_left) connection_.execute("COMMIT");
    } catch (const std::exception& e) {
        try {
            connection_.execute("ROLLBACK");
        } catch (const StoreError&) {
            // SQLite has rolled back by itself, as it does when the disk is full.
        }
        (void)connection_.take_touched();
        connection_.forget_gathered(0);
        for (Pending* pending : batch) {
            pending->error = std::make_exception_ptr(StoreUnavailable(std::string("nothing was changed: ") + e.what()));
        }
        const std::lock_guard guard(mutex_);
        ++counts_.failed_commits;
        counts_.failure = e.what();
        return;
    }
    const Touched touched = connection_.take_touched();
    for (const std::string& post : touched.posts) side_.raise_post(post);
    if (touched.lists) side_.raise_lists();
    if (touched.searches) side_.raise_searches();

    const std::lock_guard guard(mutex_);
    ++counts_.commits;
    counts_.changes += applied;
    counts_.last_commit_at = now();
    // A transaction that changed nothing succeeds on a full disk as well.
    if (connection_.changed_rows() != rows_before) counts_.failure.clear();
    // What the time limit left over comes first in the next batch.
    for (; batch.size() > applied; batch.pop_back()) waiting_.push_front(batch.back());
}

void Writer::apply(Pending& pending, bool alone) {
    const std::size_t gathered = connection_.gathered();
    if (!alone) connection_.query("SAVEPOINT one_change"_sql).run();
    try {
        (*pending.change)(connection_);
        if (!alone) connection_.query("RELEASE one_change"_sql).run();
    } catch (...) {
        pending.error = std::current_exception();
        connection_.forget_gathered(gathered);
        if (alone) {
            connection_.execute("ROLLBACK");
            (void)connection_.take_touched();
        } else {
            connection_.query("ROLLBACK TO one_change"_sql).run();
            connection_.query("RELEASE one_change"_sql).run();
        }
    }
}

void Writer::finish(const std::deque<Pending*>& batch) {
    for (Pending* pending : batch) {
        const std::lock_guard guard(pending->mutex);
        pending->done = true;
        pending->changed.notify_one();
    }
}

}  // namespace forum
