// Connections for reading, lent to one thread at a time.
//
// A thread that serves a connection waits for the network most of its life, so threads share a few connections instead
// of keeping one each: hundreds of them would hold hundreds of page caches and prepared statements. The one used last
// is lent first, because its cache is warm. Where a server has few connections to give there are no more than that, and
// who finds none waits a moment.
//
// Threads: any. A lease is held for the reading only, never while waiting for the network or the writer.
// Errors: what reading throws; StoreUnavailable when no connection came free in time or the server cannot be reached.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "forum/store/connection.h"
#include "forum/store/engine/engine.h"

namespace forum {

struct ReaderCounts {
    std::size_t open = 0;
    std::size_t in_use = 0;
    std::uint64_t refused = 0;     // no connection came free in time
    std::uint64_t reconnects = 0;  // a connection was lost, and what was read was read again on a new one
};

class Readers {
  public:
    explicit Readers(Engine& engine);

    // Calls `read(connection)` inside one read transaction, so everything it sees is of one moment. Where a connection
    // turns out to be lost, it is called once more with a new one.
    template <class Read>
    auto with(Read&& read) {
        return lent(read, true);
    }

    // For reads of a single statement, which is a transaction by itself.
    template <class Read>
    auto with_statement(Read&& read) {
        return lent(read, false);
    }

    // Reads on a connection of its own: whether the database answers is known also when all others are in use.
    void probe(const std::function<void(Connection&)>& read);

    ReaderCounts counts() const;

  private:
    class Lease {
      public:
        Lease(Readers& readers, bool transaction, bool fresh);
        ~Lease();
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        Connection& connection() { return *connection_; }

      private:
        void take(bool fresh);

        Readers& readers_;
        bool transaction_;
        std::unique_ptr<Connection> connection_;
    };

    template <class Read>
    auto lent(Read& read, bool transaction) {
        for (bool fresh = false;; fresh = true) {
            try {
                Lease lease(*this, transaction, fresh);
                return read(lease.connection());
            } catch (const StoreError& e) {
                if (!may_read_again(e, fresh)) throw;
            }
        }
    }
    // Throws StoreUnavailable for what only time helps.
    bool may_read_again(const StoreError& failure, bool fresh);
    void give_back(std::unique_ptr<Connection> connection);

    Engine& engine_;
    mutable std::mutex mutex_;
    std::condition_variable came_free_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::size_t lent_ = 0;
    ReaderCounts counts_;
    std::mutex probe_mutex_;
    std::unique_ptr<Connection> probe_;
};

}  // namespace forum
