#include "control/analysis/steady_buckets.h"

#include <algorithm>
#include <cmath>

namespace switchyard::control::analysis {

bool SteadyBuckets::attempt(std::uint16_t bucket, bool canary) {
    if (canary) canary_[bucket] = true;
    if (!canary && steady(bucket)) ++attempts_;
    return counts(bucket);
}

bool SteadyBuckets::fail(std::uint16_t bucket, bool canary) {
    const bool count = counts(bucket);
    if (!canary && steady(bucket)) ++failures_;
    ++failed_[bucket];
    return count;
}

void SteadyBuckets::learn(std::uint16_t bucket) {
    ++seen_[bucket];
    if (++learned_ % kRefresh == 0) refresh();
}

double SteadyBuckets::limit() const {
    return std::min(kMostLimit,
                    kTimesBaseline * static_cast<double>(failures_ + 1) / static_cast<double>(attempts_ + 1));
}

// A bucket with m expected failures and f seen: for equal rates f (f - 1) is m² on average, with variance 4m³ + 2m²;
// rates of relative variance v make it (1 + v) m². Weights that fall with m keep the busiest user from deciding alone,
// here and in what the common rate is.
void SteadyBuckets::refresh() {
    if (failures_ == 0) return;
    const double rough = static_cast<double>(failures_) / static_cast<double>(attempts_);
    // One failure alone must not make a bucket unsteady, or the lucky would be chosen.
    const double fewest = 2.0 / limit();
    const auto each = [&](auto&& use) {
        for (std::size_t i = 0; i < kBuckets; ++i)
            if (seen_[i] >= fewest && !canary_[i] && steady(static_cast<std::uint16_t>(i)))
                use(static_cast<double>(seen_[i]), static_cast<double>(failed_[i]));
    };
    double failures = 0.0, requests = 0.0;
    each([&](double n, double f) {
        failures += f / (1.0 + rough * n);
        requests += n / (1.0 + rough * n);
    });
    if (failures <= 0.0) return;
    const double rate = failures / requests;
    double found = 0.0, expected = 0.0, variance = 0.0;
    each([&](double n, double f) {
        const double m = rate * n;
        const double weight = 1.0 / ((1.0 + m) * (1.0 + m));
        found += weight * f * (f - 1.0);
        expected += weight * m * m;
        variance += weight * weight * (4.0 * m * m * m + 2.0 * m * m);
    });
    dispersion_ = std::max(0.0, (found - kCertain * std::sqrt(variance)) / expected - 1.0);
    quota_ = dispersion_ > 0.0 ? kQuota / (dispersion_ * rate) : std::numeric_limits<double>::infinity();
}

}  // namespace switchyard::control::analysis
