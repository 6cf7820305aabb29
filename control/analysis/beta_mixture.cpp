#include "control/analysis/beta_mixture.h"

#include <cmath>

#include "control/analysis/beta_function.h"

namespace switchyard::control::analysis {

double log_beta_mixture(std::uint64_t canary, std::uint64_t baseline, double share, double a, double b) {
    const auto c = static_cast<double>(canary);
    const auto n = static_cast<double>(baseline);
    return log_beta(a + c, b + n) - log_beta(a, b) - c * std::log(share) - n * std::log1p(-share);
}

double log_beta_mixture_above(std::uint64_t canary, std::uint64_t baseline, double share, double a, double b) {
    const auto c = static_cast<double>(canary);
    const auto n = static_cast<double>(baseline);
    const double after = 1.0 - incomplete_beta(a + c, b + n, share);
    const double before = 1.0 - incomplete_beta(a, b, share);
    return log_beta_mixture(canary, baseline, share, a, b) + std::log(after) - std::log(before);
}

}  // namespace switchyard::control::analysis
