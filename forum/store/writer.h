// The one thread of a process that changes the database.
//
// Changes that wait at the same time are committed together (group commit): one fsync makes all of them durable, and
// none is acknowledged before. A change that throws is rolled back alone, the others of its batch stand.
//
// Threads: run() from any, it blocks until the change is durable. Owns its connection and its thread.
// Errors: what the change threw; StoreUnavailable when it could not be started or committed in time – then it did not
// happen.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"
#include "forum/store/log_keeper.h"
#include "forum/store/side_file.h"

namespace forum {

class StoreUnavailable : public StoreError {
  public:
    using StoreError::StoreError;
};

struct WriterCounts {
    std::uint64_t commits = 0;
    std::uint64_t changes = 0;
    std::uint64_t failed_commits = 0;
    std::string failure;  // why the last one failed, until something is stored again
    std::size_t waiting = 0;
    Instant oldest_waits_ms = 0;
    Instant last_commit_at = 0;
};

class Writer {
  public:
    using Change = std::function<void(Connection&)>;

    // A change that has not begun after `patience` ms is withdrawn.
    Writer(const std::string& file, SideFile& side, Instant patience);
    // Finishes what is waiting.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void run(const Change& change);

    WriterCounts counts() const;

  private:
    struct Pending;
    void withdraw(Pending& pending);
    void work();
    std::deque<Pending*> take_batch();
    void commit(std::deque<Pending*>& batch);
    void apply(Pending& pending, bool alone);
    static void finish(const std::deque<Pending*>& batch);

    SideFile& side_;
    Instant patience_;
    Connection connection_;
    LogKeeper log_keeper_;
    mutable std::mutex mutex_;
    std::condition_variable work_there_;
    std::deque<Pending*> waiting_;
    WriterCounts counts_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace forum
