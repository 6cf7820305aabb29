#include "control/analysis/dkw.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchyard::control::analysis {

namespace {

// Chance that the band fails when its epochs grow by the factor eta.
double failure(double constant, double scale, double eta) {
    const double gamma = 2.0 / eta * std::pow(scale - std::sqrt(2.0 * (eta - 1.0) / constant), 2.0);
    if (gamma <= 1.0) return std::numeric_limits<double>::infinity();
    return 4.0 * std::exp(-gamma * constant) * (1.0 + 1.0 / ((gamma - 1.0) * std::log(eta)));
}

double least_failure(double constant, double scale) {
    constexpr int kHalvings = 200;
    constexpr int kScan = 4000;
    double low = 1.0;
    double high = 2.0 * scale * scale;
    for (int i = 0; i < kHalvings; ++i) {
        const double middle = (low + high) / 2.0;
        const double excess = std::sqrt(middle / 2.0) + std::sqrt(2.0 * (middle - 1.0) / constant) - scale;
        (excess < 0.0 ? low : high) = middle;
    }
    const double widest = (low + high) / 2.0;
    double best = std::numeric_limits<double>::infinity();
    double best_eta = 1.0;
    for (int i = 1; i < kScan; ++i) {
        const double eta = 1.0 + (widest - 1.0) * i / kScan;
        const double value = failure(constant, scale, eta);
        if (value < best) best = value, best_eta = eta;
    }
    const double step = (widest - 1.0) / kScan;
    double a = std::max(1.0 + 1e-12, best_eta - step);
    double b = std::min(widest, best_eta + step);
    const double golden = (std::sqrt(5.0) - 1.0) / 2.0;
    for (int i = 0; i < kHalvings; ++i) {
        const double c = b - golden * (b - a);
        const double d = a + golden * (b - a);
        if (failure(constant, scale, c) < failure(constant, scale, d))
            b = d;
        else
            a = c;
    }
    return failure(constant, scale, (a + b) / 2.0);
}

}  // namespace

double dkw_constant(double alpha, double scale) {
    double low = 4.0;
    double high = 40.0;
    for (int i = 0; i < 100; ++i) {
        const double middle = (low + high) / 2.0;
        (least_failure(middle, scale) > alpha ? low : high) = middle;
    }
    return (low + high) / 2.0;
}

double dkw_radius(double constant, double samples, double from, double scale) {
    if (samples < from) return std::numeric_limits<double>::infinity();
    return scale * std::sqrt((std::log1p(std::log(samples / from)) + constant) / samples);
}

}  // namespace switchyard::control::analysis
