#include "control/analysis/beta_function.h"

#include <algorithm>
#include <cmath>

namespace switchyard::control::analysis {

namespace {

// std::lgamma writes the global `signgam`; the re-entrant form does not.
double log_gamma(double x) {
    int sign = 0;
    return ::lgamma_r(x, &sign);
}

// Lentz's continued fraction for the incomplete beta function.
double continued_fraction(double a, double b, double x) {
    constexpr int kMostTerms = 500;
    constexpr double kEnough = 1e-15;
    constexpr double kTiny = 1e-300;
    const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
    double c = 1.0;
    double d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    double h = d;
    for (int m = 1; m <= kMostTerms; ++m) {
        const double two_m = 2.0 * m;
        const double even = m * (b - m) * x / ((a - 1.0 + two_m) * (a + two_m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        h *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + two_m) * (a + 1.0 + two_m));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        h *= d * c;
        if (std::abs(d * c - 1.0) < kEnough) break;
    }
    return h;
}

}  // namespace

double log_beta(double a, double b) {
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
}

double incomplete_beta(double a, double b, double x) {
    if (x <= 0.0) return 0.0;
    if (x >= 1.0) return 1.0;
    const double front = std::exp(-log_beta(a, b) + a * std::log(x) + b * std::log1p(-x));
    // The fraction converges fast only on its own side of the mean.
    if (x < (a + 1.0) / (a + b + 2.0)) return front * continued_fraction(a, b, x) / a;
    return 1.0 - front * continued_fraction(b, a, 1.0 - x) / b;
}

double log_incomplete_beta(double a, double b, double x) {
    if (x >= 1.0) return log_beta(a, b);
    return std::log(incomplete_beta(a, b, x)) + log_beta(a, b);
}

double normal_below(double z) {
    return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

double log_sum_exp(std::span<const double> values) {
    const double most = *std::max_element(values.begin(), values.end());
    double sum = 0.0;
    for (const double v : values) sum += std::exp(v - most);
    return most + std::log(sum);
}

}  // namespace switchyard::control::analysis
