// Writes the access lines of all workers to one file, on a thread of its own.
//
// Invariants: workers never wait for the file. A file that takes nothing (full disk, stuck pipe) keeps its lines
//   waiting in the rings and is tried again; meanwhile workers drop and count what finds no room. Nothing is ever torn:
//   what was written half goes on where it stopped.
// Threads: open(), reopen() and stop() on control; ring(w) is handed to worker w; the rest on the writer's thread.
// Owns: the rings, the descriptor, the thread. Rings must not be used after stop().
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/serve/access_log_ring.h"

namespace switchyard::serve {

class AccessLogWriter {
  public:
    // `path` "-" is standard output. Null and `why` set when the file cannot be opened.
    static std::unique_ptr<AccessLogWriter> open(const std::string& path, unsigned workers, std::string* why,
                                                 std::size_t ring_bytes = AccessLogRing::kDefaultBytes);
    ~AccessLogWriter();
    AccessLogWriter(const AccessLogWriter&) = delete;
    AccessLogWriter& operator=(const AccessLogWriter&) = delete;

    AccessLogRing& ring(unsigned worker) { return *rings_[worker]; }
    // Opens the path again (after logrotate has moved the file away). The old file stays in use when that fails.
    void reopen();
    // Writes what is pending, as far as the file takes it now, and ends the thread.
    void stop();

  private:
    AccessLogWriter(std::string path, int file, int wake, unsigned workers, std::size_t ring_bytes);
    void run();
    void open_again();
    bool write_pending();
    std::size_t write_some(AccessLogRing& ring);

    const std::string path_;
    int file_;
    const int wake_;
    bool in_small_pieces_ = false;
    std::vector<std::unique_ptr<AccessLogRing>> rings_;
    std::atomic<bool> reopen_{false}, stop_{false};
    bool failing_ = false;
    std::thread thread_;
};

}  // namespace switchyard::serve
