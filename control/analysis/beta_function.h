// The few special functions the tests need, in logarithms where they would overflow.
//
// Pure; any thread. Accuracy: about 1e-12 relative over the arguments used here (shapes up to 1e7).
#pragma once

#include <span>

namespace switchyard::control::analysis {

double log_beta(double a, double b);
// Regularised incomplete beta function I_x(a, b): the chance that a Beta(a, b) variable is below x.
double incomplete_beta(double a, double b, double x);
double log_incomplete_beta(double a, double b, double x);  // not regularised
double normal_below(double z);
double log_sum_exp(std::span<const double> values);

}  // namespace switchyard::control::analysis
