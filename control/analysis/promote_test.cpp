#include "control/analysis/promote_test.h"

#include <algorithm>
#include <cmath>

#include "control/analysis/arm_factor.h"

namespace switchyard::control::analysis {

void PromoteTest::add(double share, std::uint64_t canary, std::uint64_t baseline) {
    if (canary + baseline == 0 || share <= 0.0 || share >= 1.0) return;
    for (std::size_t i = 0; i < kRisks.size(); ++i)
        stakes_[i] =
            std::min(kMostEvidence, stakes_[i] * std::exp(log_arm_factor(canary, baseline, share, kRisks[i], limit_)));
}

double PromoteTest::evidence() const {
    double sum = 0.0;
    for (const double stake : stakes_) sum += stake;
    return sum / static_cast<double>(stakes_.size());
}

double PromoteTest::log_evidence() const {
    return std::log(evidence());
}

}  // namespace switchyard::control::analysis
