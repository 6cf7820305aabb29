// Which buckets of a sticky split have been counted already: one bit each, set once per rollout.
//
// With a sticky split all requests of a user fall into one arm, so her tenth failure says nothing new. The arm of a
// bucket's FIRST mark is an independent draw with the chance of the split itself, whatever the users are like.
// Threads: one owner. Memory: 8 KiB.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace switchyard::control::analysis {

class BucketLedger {
  public:
    static constexpr std::size_t kBuckets = 1U << 16;

    bool first(std::uint16_t bucket) {
        if (seen_[bucket]) return false;
        seen_[bucket] = true;
        return true;
    }
    std::size_t count() const { return seen_.count(); }
    void clear() { seen_.reset(); }

    template <class Memory>
    void remember(Memory& m) {
        m("buckets", seen_);
    }

  private:
    std::bitset<kBuckets> seen_;
};

}  // namespace switchyard::control::analysis
