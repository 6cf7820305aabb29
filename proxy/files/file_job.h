// A piece of work at a disk: done on a thread beside, and told of on the worker that wants it.
//
// Invariants: run() is called once and on one of the pool's threads, over() once and behind it on the worker, unless
// the
//   worker has ended. What run() works on belongs to the job: the exchange that asked may be gone by then.
// Threads: as said; the two never at once.
#pragma once

namespace switchyard::files {

class FileJob {
  public:
    virtual ~FileJob() = default;
    virtual void run() = 0;
    virtual void over() = 0;
};

}  // namespace switchyard::files
