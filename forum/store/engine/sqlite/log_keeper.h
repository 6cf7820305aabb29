// Writes the log back into the database file beside the writer, on a thread and connection of its own.
//
// Left to itself SQLite does it inside the commit that makes the log a thousand pages long, and all that wait for
// that commit waits for two more fsyncs and a thousand scattered pages. Done from beside, it never catches up with a
// writer that goes on, and a log that is never written back completely never starts anew. So when the log has grown
// long, the writer itself writes back the few pages that are left, in its turn.
//
// Threads: log_grew from the one writer thread. Errors: none leave; what failed is tried again as the log grows.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "forum/store/engine/sqlite/session.h"

namespace forum {

class LogKeeper {
  public:
    explicit LogKeeper(const std::string& file);
    ~LogKeeper();
    LogKeeper(const LogKeeper&) = delete;
    LogKeeper& operator=(const LogKeeper&) = delete;

    // To be called after each commit, while no other process can write.
    void log_grew(SqliteSession& writer);

  private:
    void work();

    SqliteSession session_;
    std::mutex mutex_;
    std::condition_variable changed_;
    // In pages of the log as it is; it begins anew at zero.
    std::int64_t length_ = 0;
    std::int64_t written_back_ = 0;
    std::int64_t tried_at_ = 0;
    std::int64_t finish_at_ = 0;
    bool busy_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace forum
