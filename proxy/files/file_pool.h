// A few threads that wait for disks, so that no worker does. One pool for all workers.
//
// A disk that hangs keeps the threads that ask it, and then the queue, and nothing else: a job beyond the queue is
//   refused at once. At the end nothing is waited for: a thread that hangs is left behind with its job.
// Threads: ask() is called by workers and takes no lock; made and ended by control. Owns: the queue, and what waits in
// it.
#pragma once

#include <cstddef>
#include <memory>

#include "proxy/files/file_job.h"
#include "proxy/files/worker_door.h"

namespace switchyard::files {

class FilePool {
  public:
    // Disks of today serve several readers at once; more threads would only wait beside these.
    static constexpr unsigned kThreads = 4;
    // Some seconds of a slow disk: what waits longer is better told at once.
    static constexpr std::size_t kMostWaiting = 1024;

    // With 0 threads nothing is done but by do_one(): for tests.
    explicit FilePool(unsigned threads = kThreads, std::size_t most_waiting = kMostWaiting);
    ~FilePool();
    FilePool(const FilePool&) = delete;
    FilePool& operator=(const FilePool&) = delete;

    // False: as many wait as may. over() is called by `door`.
    bool ask(std::shared_ptr<FileJob> job, std::shared_ptr<WorkerDoor> door);
    // On the caller's thread; false: nothing waits.
    bool do_one();

  private:
    struct Line;
    const std::shared_ptr<Line> line_;
};

}  // namespace switchyard::files
