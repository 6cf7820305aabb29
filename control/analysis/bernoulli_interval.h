// Between which limits does a rate lie, when the data may be looked at after every request?
//
// The interval holds the true rate at all times at once with chance 1 - alpha (it inverts the two-sided beta-binomial
// mixture). BernoulliTest asks the same question for one fixed limit, without searching: above() is what
// "interval.low > limit" needs, below() what "interval.high < limit" needs.
// Validity: above() under "the rate is at most the limit in every tick", below() under "at least".
// Threads: plain values. Units: rates are fractions 0 … 1.
#pragma once

#include <cstdint>

#include "control/analysis/beta_binomial.h"

namespace switchyard::control::analysis {

// Tightest around this many requests; elsewhere it is valid all the same, only a little wider.
inline constexpr double kTightestAt = 1000.0;

struct Interval {
    double low = 0.0;
    double high = 1.0;
};

Interval bernoulli_interval(std::uint64_t marks, std::uint64_t requests, double alpha, double tightest = kTightestAt);

class BernoulliTest {
  public:
    explicit BernoulliTest(double limit, double tightest = kTightestAt);

    // Natural logarithm of the evidence that the rate is not the limit.
    double log_evidence(std::uint64_t marks, std::uint64_t requests) const;
    bool above(std::uint64_t marks, std::uint64_t requests, double alpha) const;
    bool below(std::uint64_t marks, std::uint64_t requests, double alpha) const;
    double limit() const { return limit_; }

  private:
    double limit_;
    BetaBinomial mixture_;
};

}  // namespace switchyard::control::analysis
