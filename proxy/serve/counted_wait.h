// A place in the counts of requests that wait: all workers' and this worker's.
#pragma once

#include <cstdint>

#include "proxy/snapshot/registry.h"

namespace switchyard::serve {

// Gives the place back, also when the worker stops in the middle.
class CountedWait {
  public:
    CountedWait(SharedCount& shared, std::uint64_t& own) : shared_(shared), own_(own) { ++own_; }
    ~CountedWait() {
        shared_.value.fetch_sub(1, std::memory_order_relaxed);
        --own_;
    }
    CountedWait(const CountedWait&) = delete;
    CountedWait& operator=(const CountedWait&) = delete;

  private:
    SharedCount& shared_;
    std::uint64_t& own_;
};

}  // namespace switchyard::serve
