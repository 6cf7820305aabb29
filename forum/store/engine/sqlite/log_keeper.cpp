#include "forum/store/engine/sqlite/log_keeper.h"

namespace forum {

namespace {

// Pages of 4 KiB. A quarter of SQLite's own round: what a round writes stands in the disk's queue before the writer's
// next fsync. With 64 clients writing, rounds of 1,000 pages took the slowest hundredth of them half as long again, and
// longer.
constexpr std::int64_t kRound = 250;
// 32 MiB: seldom enough that the writer's own share does not show, and read in a moment after a crash.
constexpr std::int64_t kLong = 8'000;

}  // namespace

LogKeeper::LogKeeper(const std::string& file)
    : session_(file, Purpose::writing), finish_at_(kLong), thread_([this] { work(); }) {}

LogKeeper::~LogKeeper() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void LogKeeper::log_grew(SqliteSession& writer) {
    std::unique_lock lock(mutex_);
    const std::int64_t length = writer.log_length();
    if (length < length_) {
        written_back_ = 0;
        tried_at_ = 0;
        finish_at_ = kLong;
    }
    length_ = length;
    if (busy_) return;
    if (length - written_back_ < kRound && length >= finish_at_) {
        // Whether it gets finished or a reader still needs the log: not again before it has grown by another round.
        finish_at_ = length + kRound;
        try {
            written_back_ = writer.write_back().written_back;
        } catch (const StoreError&) {
            // Nothing is lost: the log stays and is written back later.
        }
    } else if (length - tried_at_ >= kRound) {
        changed_.notify_one();
    }
}

void LogKeeper::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stopping_ || length_ - tried_at_ >= kRound; });
        if (stopping_) return;
        busy_ = true;
        const std::int64_t length = tried_at_ = length_;
        lock.unlock();
        std::int64_t written_back = 0;
        try {
            written_back = session_.write_back().written_back;
        } catch (const StoreError&) {
            // A full disk, for one; the next round tries again.
        }
        lock.lock();
        busy_ = false;
        if (length_ >= length) written_back_ = written_back;
    }
}

}  // namespace forum
