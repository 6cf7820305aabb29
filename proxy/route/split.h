// A split: which arm (upstream) gets a request.
//
// By position: exact over every window of sum(weights) requests, evenly spread inside it (smooth weighted round robin,
//   laid out once). By hash: arm i > 0 owns the i-th range from the bottom of the hash space and arm 0 the rest, so
//   that raising one weight only ever adds keys to its arm.
// Pure; immutable. Sources: nginx's smooth weighted round robin; threshold ramps as (hash32 << 0) < weight * 2^32 /
// sum.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace switchyard::route {

class Split {
  public:
    // The sum of the weights, divided by their greatest common divisor: one table entry each.
    static constexpr std::uint64_t kMaxPeriod = 100'000;

    Split() = default;
    explicit Split(std::span<const std::uint32_t> weights);

    std::uint64_t period() const { return slots_.size(); }
    // True when one arm gets everything: no position is needed.
    bool single() const { return slots_.size() <= 1; }
    unsigned only() const { return slots_.empty() ? 0 : slots_[0]; }
    unsigned at(std::uint64_t position) const { return slots_[position % slots_.size()]; }
    unsigned by_hash(std::uint32_t hash) const;

  private:
    std::vector<std::uint16_t> slots_;
    std::vector<std::uint64_t> ends_;  // of arm 1, 2, …: cumulative thresholds below 2^32 (2^32 itself: everybody)
};

}  // namespace switchyard::route
