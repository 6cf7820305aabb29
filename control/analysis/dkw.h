// How far two whole latency distributions are apart for certain: the time-uniform band around an empirical
// distribution (Dvoretzky–Kiefer–Wolfowitz, law of the iterated logarithm; Howard and Ramdas 2022).
//
// Far too wide for a p99, good for one honest picture in a report. Pure; any thread.
#pragma once

#include <cstdint>

namespace switchyard::control::analysis {

inline constexpr double kDkwScale = 0.85;

// The constant C of the band radius for error rate alpha.
double dkw_constant(double alpha, double scale = kDkwScale);
// Radius after `samples` for a band that starts at `from` samples; infinite before.
double dkw_radius(double constant, double samples, double from, double scale = kDkwScale);

}  // namespace switchyard::control::analysis
