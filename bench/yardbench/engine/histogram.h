// A log-linear (HDR-style) histogram of nanoseconds: 128 sub-buckets per octave, so a bucket is at most 0.79 % wide
// and its middle is at most 0.4 % away from any value in it.
//
// Invariants: max() and min() are exact; the quantile is never more than 0.4 % off; merging loses nothing.
// Threads: one writer; merged when the writer has ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/yardbench/engine/clock.h"

namespace yardbench {

class Histogram {
  public:
    static constexpr unsigned kSubBits = 7;
    static constexpr unsigned kMagnitudes = 36;  // up to 2^43 ns, two hours and a half; later values count as that
    static constexpr std::size_t kBuckets = kMagnitudes << kSubBits;

    Histogram() : counts_(kBuckets, 0) {}

    static std::size_t index(Nanos value);
    static Nanos lower(std::size_t bucket);
    static Nanos middle(std::size_t bucket);

    void record(Nanos value) {
        if (value < 0) value = 0;
        ++counts_[index(value)];
        ++total_;
        sum_ += static_cast<double>(value);
        if (value > max_) max_ = value;
        if (value < min_) min_ = value;
    }
    void merge(const Histogram& other);

    std::uint64_t total() const { return total_; }
    Nanos max() const { return max_; }
    Nanos min() const { return total_ == 0 ? 0 : min_; }
    double mean() const { return total_ == 0 ? 0 : sum_ / static_cast<double>(total_); }
    // The smallest recorded value (to bucket precision) that at least q of all values do not exceed; 0 when empty.
    Nanos quantile(double q) const;
    // How many values lie above the limit, to bucket precision.
    std::uint64_t above(Nanos limit) const;
    std::uint64_t at(std::size_t bucket) const { return counts_[bucket]; }

  private:
    std::vector<std::uint64_t> counts_;
    std::uint64_t total_ = 0;
    double sum_ = 0;
    Nanos max_ = 0;
    Nanos min_ = INT64_MAX;
};

}  // namespace yardbench
