#include "control/analysis/beta_binomial.h"

#include <algorithm>
#include <cmath>

#include "control/analysis/beta_function.h"

namespace switchyard::control::analysis {

double best_rho(double v, double alpha) {
    const double l = 2.0 * std::log(1.0 / alpha);
    return v / (l + std::log1p(l));
}

BetaBinomial::BetaBinomial(double v_opt, double alpha_opt, double g, double h, bool one_sided)
    : g_(g),
      h_(h),
      // Below g h the mixing density is not defined; a thousandth of it is as wide as it gets.
      rho_(std::max(best_rho(v_opt, one_sided ? 2.0 * alpha_opt : alpha_opt) - g * h, 1e-3 * g * h)),
      upto_(one_sided ? h / (g + h) : 1.0),
      norm_(log_incomplete_beta(rho_ / (g * (g + h)), rho_ / (h * (g + h)), upto_)) {}

double BetaBinomial::logm(double s, double v) const {
    const double both = g_ + h_;
    return v / (g_ * h_) * std::log(both) - (v + h_ * s) / (h_ * both) * std::log(g_) -
           (v - g_ * s) / (g_ * both) * std::log(h_) +
           log_incomplete_beta((rho_ + v - g_ * s) / (g_ * both), (rho_ + v + h_ * s) / (h_ * both), upto_) - norm_;
}

double BetaBinomial::bound(double v, double alpha) const {
    constexpr int kHalvings = 200;
    const double threshold = std::log(1.0 / alpha);
    double low = 0.0;
    double high = v / g_;
    if (logm(high, v) < threshold) return high;
    for (int i = 0; i < kHalvings; ++i) {
        const double middle = (low + high) / 2.0;
        (logm(middle, v) < threshold ? low : high) = middle;
    }
    return (low + high) / 2.0;
}

}  // namespace switchyard::control::analysis
