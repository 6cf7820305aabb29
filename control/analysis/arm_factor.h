// The betting factor of one tick: how much likelier the arms of its marks are under relative risk r than under r0.
//
// A mark is a failed (or slow) request. `share` is the canary's share of the tick's requests (or, for marks that are
// counted once per bucket, the share of buckets that the split sends to the canary).
//   D = (share r + 1 - share) / (share r0 + 1 - share)       ln L = k_canary ln(r / r0) - k_all ln D
// For r > r0, E[L] <= 1 whenever the canary's risk is at most r0 times the baseline's; for r < r0, whenever it is at
// least r0 times. Proof in docs/rollouts.md.
#pragma once

#include <cmath>
#include <cstdint>

namespace switchyard::control::analysis {

// Where a stake stops growing: far beyond any threshold, and products of later ticks stay finite.
inline constexpr double kMostEvidence = 1e250;

inline double log_dilution(double share, double r, double r0) {
    return std::log((share * r + 1.0 - share) / (share * r0 + 1.0 - share));
}

inline double log_arm_factor(std::uint64_t canary, std::uint64_t baseline, double share, double r, double r0) {
    return static_cast<double>(canary) * std::log(r / r0) -
           static_cast<double>(canary + baseline) * log_dilution(share, r, r0);
}

}  // namespace switchyard::control::analysis
