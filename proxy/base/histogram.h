// A log-linear histogram of microseconds: 32 sub-buckets per octave, so a bucket is at most 3.1 % wide.
//
// Invariants: values above kLargest count in the last bucket; counts only grow between two takes.
// Threads: none of its own; one writer (a worker), copied to control as a whole. Source: algorithms of the
//   HdrHistogram / circllhist family (log-linear, exact merge).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace switchyard {

class Histogram {
  public:
    static constexpr unsigned kSubBits = 5;
    static constexpr std::size_t kBuckets = 896;  // covers 0 … 2^32 - 1 µs (71 minutes)
    static constexpr std::uint64_t kLargest = 0xffff'ffffULL;

    static constexpr std::size_t index(std::uint64_t microseconds) {
        if (microseconds > kLargest) microseconds = kLargest;
        if (microseconds < 32) return static_cast<std::size_t>(microseconds);
        const unsigned e = static_cast<unsigned>(std::bit_width(microseconds)) - 1 - kSubBits;
        return ((static_cast<std::size_t>(e) + 1) << kSubBits) + static_cast<std::size_t>((microseconds >> e) - 32);
    }
    // The smallest and largest value of a bucket.
    static constexpr std::uint64_t lower(std::size_t i) {
        return i < 32 ? i : static_cast<std::uint64_t>((i & 31) + 32) << ((i >> kSubBits) - 1);
    }
    static constexpr std::uint64_t upper(std::size_t i) { return i + 1 >= kBuckets ? kLargest : lower(i + 1) - 1; }

    void record(std::uint64_t microseconds) { ++counts_[index(microseconds)]; }
    void merge(const Histogram& other) {
        for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    }
    void clear() { counts_.fill(0); }

    std::uint64_t total() const {
        std::uint64_t sum = 0;
        for (auto c : counts_) sum += c;
        return sum;
    }
    // Upper edge of the bucket that holds the q-quantile (0 < q <= 1); 0 when empty.
    std::uint64_t quantile(double q) const {
        const std::uint64_t n = total();
        if (n == 0) return 0;
        auto rank = static_cast<std::uint64_t>(q * static_cast<double>(n));
        if (rank >= n) rank = n - 1;
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < kBuckets; ++i) {
            seen += counts_[i];
            if (seen > rank) return upper(i);
        }
        return kLargest;
    }
    std::uint64_t at(std::size_t bucket) const { return counts_[bucket]; }
    void add(std::size_t bucket, std::uint64_t count) { counts_[bucket] += static_cast<std::uint32_t>(count); }

  private:
    std::array<std::uint32_t, kBuckets> counts_{};
};

}  // namespace switchyard
