// One test of one kind of mark, in either kind of split: by request, by bucket, and the gate beside them.
//
// In a sticky rollout a small part of the stake stays with what is counted by request, for its steps by rule; the rest
// is the bets'. The best of both counts, as the parts sum to 1.
// Threads: one owner. Units: seconds; evidence is the natural logarithm, stakes included.
#pragma once

#include "control/analysis/arm_test.h"
#include "control/analysis/bucket_bets.h"
#include "control/analysis/evidence.h"
#include "control/analysis/risk_gate.h"

namespace switchyard::control::analysis {

class MarkTest {
  public:
    static constexpr double kByRule = 1.0 / 16.0;  // of the stake, in a sticky rollout

    MarkTest(double guard, const Grid& factors, double horizon, bool sticky);

    void add_requests(double seconds, double share, std::uint64_t canary, std::uint64_t baseline) {
        requests_.add(seconds, share, canary, baseline);
    }
    void add_buckets(BetNumber placed, double share, const FreshMarks& canary, const FreshMarks& baseline) {
        buckets_.add(placed, share, canary, baseline);
    }

    bool sticky() const { return sticky_; }
    double log_evidence() const;
    // `open(number)`: whether the gate lets a bet of that number act; 0: what is counted by request.
    template <class Open>
    bool passed(double threshold, Open open) const {
        return (by_request() >= threshold && open(BetNumber{0})) ||
               (sticky_ && buckets_.passed(threshold - kLogBuckets, open));
    }

    template <class Memory>
    void remember(Memory& m) {
        m("requests", requests_);
        if (sticky_) m("buckets", buckets_);
    }

  private:
    static const double kLogBuckets;
    double by_request() const;

    bool sticky_;
    ArmTest requests_;
    BucketBets buckets_;
};

}  // namespace switchyard::control::analysis
