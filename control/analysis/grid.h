// The relative risks a test bets on: kGrid values, evenly spaced in logarithm, each with the same stake.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace switchyard::control::analysis {

inline constexpr std::size_t kGrid = 16;
using Grid = std::array<double, kGrid>;

inline Grid log_spaced(double first, double last) {
    Grid grid{};
    for (std::size_t i = 0; i < kGrid; ++i)
        grid[i] = first * std::pow(last / first, static_cast<double>(i) / static_cast<double>(kGrid - 1));
    return grid;
}

// Failures: from "half as many again" to "forty times", above whatever the guard tolerates.
inline const Grid kFailureGrid = log_spaced(1.5, 40.0);
// Slow requests: an exceedance of the median can at most double, so the bets start close to 1.
inline const Grid kSlownessGrid = log_spaced(1.1, 10.0);

}  // namespace switchyard::control::analysis
