// Closed-form evidence that marks do not fall into the canary's arm with a constant chance `share`.
//
// A Beta(a, b) mixture over the true chance, instead of a grid: two-sided it is the sample-ratio test, one-sided it
// is the arm test for a share that never changes (kept as a check on the grid). Natural logarithms.
// Pure; any thread.
#pragma once

#include <cstdint>

namespace switchyard::control::analysis {

double log_beta_mixture(std::uint64_t canary, std::uint64_t baseline, double share, double a = 1.0, double b = 1.0);
// Only chances above `share` are bet on.
double log_beta_mixture_above(std::uint64_t canary, std::uint64_t baseline, double share, double a = 1.0,
                              double b = 1.0);

}  // namespace switchyard::control::analysis
