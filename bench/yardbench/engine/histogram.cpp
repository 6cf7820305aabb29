#include "bench/yardbench/engine/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace yardbench {
namespace {

constexpr std::size_t kSub = std::size_t{1} << Histogram::kSubBits;

}  // namespace

std::size_t Histogram::index(Nanos value) {
    const auto v = static_cast<std::uint64_t>(value);
    if (v < kSub) return static_cast<std::size_t>(v);
    const unsigned shift = static_cast<unsigned>(std::bit_width(v)) - 1 - kSubBits;
    const std::size_t bucket = ((static_cast<std::size_t>(shift) + 1) << kSubBits) + ((v >> shift) - kSub);
    return std::min(bucket, kBuckets - 1);
}

Nanos Histogram::lower(std::size_t bucket) {
    if (bucket < kSub) return static_cast<Nanos>(bucket);
    const std::size_t shift = (bucket >> kSubBits) - 1;
    return static_cast<Nanos>(((bucket & (kSub - 1)) + kSub) << shift);
}

Nanos Histogram::middle(std::size_t bucket) {
    if (bucket < kSub) return static_cast<Nanos>(bucket);
    return (lower(bucket) + lower(bucket + 1)) / 2;
}

void Histogram::merge(const Histogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
    min_ = std::min(min_, other.min_);
}

Nanos Histogram::quantile(double q) const {
    if (total_ == 0) return 0;
    const auto rank =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total_))));
    if (rank >= total_) return max_;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        seen += counts_[i];
        if (seen >= rank) return std::clamp(middle(i), min_, max_);
    }
    return max_;
}

std::uint64_t Histogram::above(Nanos limit) const {
    std::uint64_t count = 0;
    for (std::size_t i = index(std::max<Nanos>(limit, 0)) + 1; i < kBuckets; ++i) count += counts_[i];
    return count;
}

}  // namespace yardbench
