// One test of one kind of mark, in either kind of split: by request, by bucket, and the gate beside them.
//
// In a sticky rollout a small part of the stake stays with what is counted by request, for its steps by rule; the rest
// is the bets'. The best of both counts, as the parts sum to 1.
// Threads: one owner. Units: seconds; evidence is the natural logarithm, stakes included.
#pragma once

#include <cstdint>

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
    // What is counted by request needs no gate against the tolerance itself, only against "no worse at all".
    enum class Gated : std::uint8_t { buckets, all };
    // `reach()`: the newest bet that the gate lets act (risk_gate.h); asked for only when there is one to let.
    template <class Reach>
    bool passed(double threshold, Gated gated, Reach reach) const {
        const bool requests = requests_.evidence() > 1.0 && by_request() >= threshold;
        if (requests && gated == Gated::buckets) return true;
        const BetNumber bet = sticky_ ? buckets_.oldest_beyond(threshold - kLogBuckets) : BetNumber{0};
        if (!requests && bet == 0) return false;
        return (requests ? 0 : bet) <= reach();
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
