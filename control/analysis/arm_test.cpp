#include "control/analysis/arm_test.h"

#include <algorithm>
#include <cmath>

#include "control/analysis/arm_factor.h"

namespace switchyard::control::analysis {

ArmTest::ArmTest(double guard, const Grid& factors, Restarts restarts) : guard_(guard), clock_(restarts) {
    for (std::size_t i = 0; i < kGrid; ++i) {
        risk_[i] = guard * factors[i];
        log_ratio_[i] = std::log(factors[i]);
    }
    stakes_.fill(clock_.at_start());
}

void ArmTest::set_share(double share) {
    for (std::size_t i = 0; i < kGrid; ++i) log_dilution_[i] = analysis::log_dilution(share, risk_[i], guard_);
    share_ = share;
}

void ArmTest::add(double seconds, double share, std::uint64_t canary, std::uint64_t baseline) {
    const double fresh = clock_.due(seconds);
    const bool tells = canary + baseline > 0 && share > 0.0 && share < 1.0;
    if (fresh == 0.0 && !tells) return;
    if (fresh > 0.0)
        for (double& stake : stakes_) stake += fresh;
    if (tells) {
        if (share != share_) set_share(share);
        const auto in_canary = static_cast<double>(canary);
        const auto in_both = static_cast<double>(canary + baseline);
        for (std::size_t i = 0; i < kGrid; ++i) {
            stakes_[i] *= std::exp(in_canary * log_ratio_[i] - in_both * log_dilution_[i]);
            stakes_[i] = std::min(stakes_[i], kMostEvidence);
        }
    }
    double sum = 0.0;
    for (const double stake : stakes_) sum += stake;
    evidence_ = sum / static_cast<double>(kGrid) + clock_.kept();
}

double ArmTest::log_evidence() const {
    return std::log(evidence_);
}

}  // namespace switchyard::control::analysis
