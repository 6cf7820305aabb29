// Connections for reading, lent to one thread at a time.
//
// A thread that serves a connection waits for the network most of its life, so threads share a few connections instead
// of keeping one each: hundreds of them would hold hundreds of page caches and prepared statements. The one used last
// is lent first, because its cache is warm.
//
// Threads: any. A lease is held for the reading only, never while waiting for the network or the writer.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "forum/store/connection.h"

namespace forum {

class Readers {
  public:
    explicit Readers(std::string file);

    // Calls `read(connection)` inside one read transaction, so everything it sees is of one moment.
    template <class Read>
    auto with(Read&& read) {
        Lease lease(*this, true);
        return read(lease.connection());
    }

    // For reads of a single statement, which is a transaction by itself.
    template <class Read>
    auto with_statement(Read&& read) {
        Lease lease(*this, false);
        return read(lease.connection());
    }

  private:
    class Lease {
      public:
        Lease(Readers& readers, bool transaction);
        ~Lease();
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        Connection& connection() { return *connection_; }

      private:
        Readers& readers_;
        bool transaction_;
        std::unique_ptr<Connection> connection_;
    };

    std::string file_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace forum
