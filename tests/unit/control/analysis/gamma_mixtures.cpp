// Reference values of the two published mixtures for one-sided, heavier-tailed increments. The program uses neither;
// they complete the table that the chosen bounds were compared in.
#include <doctest/doctest.h>

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "control/analysis/beta_binomial.h"
#include "tests/unit/control/analysis/close_to.h"

using switchyard::control::analysis::best_rho;

namespace {

constexpr double kC = 2.0;
constexpr double kSquare = kC * kC;

double log_gamma_exponential(double s, double v, double rho) {
    const double a = rho / kSquare;
    const double lead = a * std::log(a) - std::lgamma(a) - std::log(boost::math::gamma_p(a, a));
    const double shape = (v + rho) / kSquare;
    const double at = (kC * s + v) / kSquare + a;
    return lead + std::lgamma(shape) + std::log(boost::math::gamma_p(shape, at)) - shape * std::log(at) +
           (kC * s + v) / kSquare;
}

double log_gamma_poisson(double s, double v, double rho) {
    const double a = rho / kSquare;
    const double lead = a * std::log(a) - std::lgamma(a) - std::log(boost::math::gamma_q(a, a));
    const double at = (v + rho) / kSquare;
    const double shape = s / kC + at;
    return lead + std::lgamma(shape) + std::log(boost::math::gamma_q(shape, at)) - shape * std::log(at) + v / kSquare;
}

double bound(double (*logm)(double, double, double), double v, double rho) {
    double low = 0, high = 200;
    for (int i = 0; i < 100; ++i) {
        const double middle = (low + high) / 2;
        (logm(middle, v, rho) < std::log(20.0) ? low : high) = middle;
    }
    return (low + high) / 2;
}

}  // namespace

TEST_CASE("gamma mixtures have the values of the published implementation") {
    const double rho = best_rho(100, .1);
    CHECK(close_to(log_gamma_exponential(10, 100, rho), -0.2490165, 1e-7));
    CHECK(close_to(bound(log_gamma_exponential, 100, rho), 33.02017, 1e-5));
    CHECK(close_to(log_gamma_poisson(10, 100, rho), -0.06991219, 1e-8));
    CHECK(close_to(bound(log_gamma_poisson, 100, rho), 30.1949, 1e-4));
}
