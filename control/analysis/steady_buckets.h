// Sticky splits: whose failures may be counted one by one, as if each request were a draw of its own.
//
// All requests of a user go to one arm, so a user whose every request fails – whichever arm serves it – would put all
// these failures there and look like a regression. A bucket therefore counts only
//   - while it has failed at most limit() times per request so far. The first failure of any bucket counts, and of one
//     that always fails no other. The limit is twenty times the rate of the baseline's steady buckets, at most one in
//     five: a release that fails for all users stays below it long enough to be found, a broken user does not;
//   - while it has made at most quota() requests. Where users' failure rates differ, a busy user's tell more about the
//     user than about the release; the quota is what one user may add before that dominates. It has no bound until the
//     baseline shows for certain that rates differ, which takes some hundred failures: until then they are taken to
//     be alike.
// Both are decided from the past alone, by the same rule in both arms.
// Use, per report: attempt() for each request, then fail() for each failure, then learn() for each request again, so
// that a report is judged by what was known before it.
// Threads: one owner. Memory: 520 KiB.
#pragma once

#include <bitset>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace switchyard::control::analysis {

class SteadyBuckets {
  public:
    static constexpr std::size_t kBuckets = 1U << 16;
    static constexpr double kTimesBaseline = 20.0;
    static constexpr double kMostLimit = 0.2;
    static constexpr double kCertain = 2.0;  // standard errors
    // Of 1 / dispersion, where a bucket's own rate outweighs chance, in expected failures.
    static constexpr double kQuota = 0.25;
    static constexpr std::uint64_t kRefresh = 4096;  // requests between two looks at how much rates differ

    SteadyBuckets() : seen_(kBuckets), failed_(kBuckets) {}

    // Both: does it count?
    bool attempt(std::uint16_t bucket, bool canary);
    bool fail(std::uint16_t bucket, bool canary);
    void learn(std::uint16_t bucket);

    double limit() const;  // failures per request
    double quota() const { return quota_; }
    // Variance of users' failure rates relative to the squared mean, as far as it is certain; 0: none.
    double dispersion() const { return dispersion_; }

    template <class Memory>
    void remember(Memory& m) {
        double quota = std::isinf(quota_) ? 0.0 : quota_;  // no number stands for "without bound"
        m("seen", seen_), m("failed", failed_), m("canary", canary_);
        m("attempts", attempts_), m("failures", failures_), m("learned", learned_);
        m("dispersion", dispersion_), m("quota", quota);
        quota_ = quota > 0.0 ? quota : std::numeric_limits<double>::infinity();
    }

  private:
    bool steady(std::uint16_t bucket) const { return failed_[bucket] <= limit() * seen_[bucket]; }
    bool counts(std::uint16_t bucket) const { return steady(bucket) && seen_[bucket] <= quota_; }
    void refresh();

    std::vector<std::uint32_t> seen_, failed_;
    std::bitset<kBuckets> canary_;               // ever: its failures say nothing about the baseline
    std::uint64_t attempts_ = 0, failures_ = 0;  // of steady buckets, in the baseline
    std::uint64_t learned_ = 0;
    double dispersion_ = 0.0;
    double quota_ = std::numeric_limits<double>::infinity();
};

}  // namespace switchyard::control::analysis
