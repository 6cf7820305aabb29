// The beta functions beside Boost.Math's (docs/decisions/0020).
#include "control/analysis/beta_function.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <random>

using namespace switchyard::control::analysis;

namespace {

struct BetaArguments {
    double a, b, x;
};

// a and b log-uniform from 1 to `most`; x within six standard deviations of the mean.
BetaArguments some_arguments(std::mt19937_64& random, double most) {
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    const double a = std::exp(unit(random) * std::log(most));
    const double b = std::exp(unit(random) * std::log(most));
    const double mean = a / (a + b);
    const double deviation = std::sqrt(mean * (1.0 - mean) / (a + b + 1.0));
    return {a, b, std::clamp(mean + (unit(random) * 12.0 - 6.0) * deviation, 1e-9, 1.0 - 1e-9)};
}

// The largest distance between the two, in the measure of a chance.
double worst_distance(double most) {
    std::mt19937_64 random(7);
    double worst = 0.0;
    for (int i = 0; i < 3000; ++i) {
        const auto [a, b, x] = some_arguments(random, most);
        worst = std::max(worst, std::abs(incomplete_beta(a, b, x) - boost::math::ibeta(a, b, x)));
    }
    return worst;
}

}  // namespace

TEST_CASE("the incomplete beta function is Boost's, as exactly as a decision can want it") {
    CHECK(worst_distance(1e3) < 1e-12);
    CHECK(worst_distance(1e7) < 1e-6);
}

TEST_CASE("the ends of the incomplete beta function are exact") {
    CHECK(incomplete_beta(3.0, 4.0, 0.0) == 0.0);
    CHECK(incomplete_beta(3.0, 4.0, 1.0) == 1.0);
    CHECK(log_incomplete_beta(3.0, 4.0, 1.0) == log_beta(3.0, 4.0));
}
