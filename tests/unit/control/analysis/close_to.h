// Comparison with a reference value to an absolute tolerance.
#pragma once

#include <cmath>

inline bool close_to(double value, double reference, double tolerance) {
    return std::abs(value - reference) <= tolerance;
}
