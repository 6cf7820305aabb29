#include "control/analysis/bernoulli_interval.h"

#include <algorithm>
#include <cmath>

namespace switchyard::control::analysis {

namespace {

// The mixture is tuned for an error rate of 5 %; it is valid for every other.
constexpr double kTunedFor = 0.05;
constexpr double kEdge = 1e-12;  // rates this close to 0 or 1 count as 0 or 1

BetaBinomial mixture_at(double rate, double tightest) {
    return BetaBinomial(rate * (1.0 - rate) * tightest, kTunedFor, rate, 1.0 - rate, false);
}

double log_evidence_at(const BetaBinomial& mixture, double rate, double marks, double requests) {
    return mixture.logm(marks - rate * requests, rate * (1.0 - rate) * requests);
}

}  // namespace

Interval bernoulli_interval(std::uint64_t marks, std::uint64_t requests, double alpha, double tightest) {
    constexpr int kHalvings = 60;  // a rate to 1e-18
    if (requests == 0) return {};
    const auto k = static_cast<double>(marks);
    const auto n = static_cast<double>(requests);
    const double seen = k / n;
    const double threshold = std::log(1.0 / alpha);
    const auto refuted = [&](double rate) {
        return log_evidence_at(mixture_at(rate, tightest), rate, k, n) > threshold;
    };
    Interval interval;
    if (marks > 0) {
        double out = kEdge;
        double in = seen;
        for (int i = 0; i < kHalvings; ++i) {
            const double middle = (out + in) / 2.0;
            (refuted(middle) ? out : in) = middle;
        }
        interval.low = (out + in) / 2.0;
    }
    if (marks < requests) {
        double in = std::max(seen, kEdge);
        double out = 1.0 - kEdge;
        for (int i = 0; i < kHalvings; ++i) {
            const double middle = (in + out) / 2.0;
            (refuted(middle) ? out : in) = middle;
        }
        interval.high = (in + out) / 2.0;
    }
    return interval;
}

BernoulliTest::BernoulliTest(double limit, double tightest)
    : limit_(std::clamp(limit, kEdge, 1.0 - kEdge)), mixture_(mixture_at(limit_, tightest)) {}

double BernoulliTest::log_evidence(std::uint64_t marks, std::uint64_t requests) const {
    if (requests == 0) return 0.0;
    return log_evidence_at(mixture_, limit_, static_cast<double>(marks), static_cast<double>(requests));
}

bool BernoulliTest::above(std::uint64_t marks, std::uint64_t requests, double alpha) const {
    return static_cast<double>(marks) > limit_ * static_cast<double>(requests) &&
           log_evidence(marks, requests) >= std::log(1.0 / alpha);
}

bool BernoulliTest::below(std::uint64_t marks, std::uint64_t requests, double alpha) const {
    return static_cast<double>(marks) < limit_ * static_cast<double>(requests) &&
           log_evidence(marks, requests) >= std::log(1.0 / alpha);
}

}  // namespace switchyard::control::analysis
