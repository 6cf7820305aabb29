// The one thread of a process that changes the database.
//
// Changes that wait at the same time are committed together (group commit): one fsync makes all of them durable, and
// none is acknowledged before. A change that throws is rolled back alone, the others of its batch stand.
//
// A server may undo a whole batch for reasons of its own (a deadlock, a lock that came too late): then it is run again
// as a whole, a few times. So a change may run more than once. It only assigns to what its caller reads when run() has
// returned, adds to nothing, and draws anew what is random.
//
// Threads: run() from any, it blocks until the change is durable. Owns its connection and its thread.
// Errors: what the change threw; StoreUnavailable when it could not be started or committed in time – then it did not
// happen; OutcomeUnknown when the connection was lost at the commit and could not be made again to look.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"
#include "forum/store/engine/engine.h"

namespace forum {

struct WriterCounts {
    std::uint64_t commits = 0;
    std::uint64_t changes = 0;
    std::uint64_t failed_commits = 0;
    std::uint64_t retries = 0;           // batches that were run again
    std::uint64_t reconnects = 0;        // connections made after one was lost
    std::uint64_t unknown_resolved = 0;  // commits whose answer was lost, and about which the database was asked
    std::uint64_t unknown_left = 0;      // … and could not be asked
    std::string failure;                 // why the last one failed, until something is stored again
    std::size_t waiting = 0;
    Instant oldest_waits_ms = 0;
    Instant last_commit_at = 0;
};

class Writer {
  public:
    using Change = std::function<void(Connection&)>;

    // A change that has not begun after `patience` ms is withdrawn.
    Writer(Engine& engine, Instant patience);
    // Finishes what is waiting.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void run(const Change& change);

    WriterCounts counts() const;

  private:
    struct Pending;
    using Batch = std::deque<Pending*>;

    void withdraw(Pending& pending);
    void work();
    void take_turn();
    Connection& connection();
    void take(Batch& batch);
    // True when the batch has to be run again.
    bool write(Batch& batch, int attempt);
    // How many of the batch there was time for.
    std::size_t apply_all(const Batch& batch);
    void apply(Pending& pending, bool alone);
    void commit();
    bool resolve();
    void count(std::size_t applied, bool stored);
    void undo() noexcept;
    void fail(const Batch& batch, const std::exception_ptr& error, const char* why);
    static void finish(const Batch& batch);

    Engine& engine_;
    Instant patience_;
    std::unique_ptr<WriterTurn> turn_;
    std::unique_ptr<Connection> connection_;  // none: lost, and made again with the next batch
    mutable std::mutex mutex_;
    std::condition_variable work_there_;
    Batch waiting_;
    WriterCounts counts_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace forum
