// Whether a run says something about what it was driven at, or only about the load generator itself.
#pragma once

#include <string>
#include <vector>

#include "bench/yardbench/engine/tally.h"

namespace yardbench {

// A generator that sends later than it meant to, without being held up by missing connections, adds its own delay
// to every latency it reports. One millisecond at the 99th percentile is more than any figure here is read to.
inline constexpr Nanos kToleratedLag = kMillisecond;
// A load thread that is busy all the time is what limits the rate.
inline constexpr double kToleratedBusy = 0.95;

struct Validity {
    bool valid = true;
    double busy = 0;                   // processor time of the load threads / (wall time x threads)
    std::vector<std::string> reasons;  // why it is not valid, or what to know
};

Validity validity(const Tally& tally, bool open_loop);

}  // namespace yardbench
