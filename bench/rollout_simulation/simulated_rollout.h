// One rollout on a simulated clock: real analysis, real frozen quantiles, real ledgers; only the traffic is made up.
//
// Threads: each run is on its own; nothing is shared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/rollout_simulation/world.h"
#include "control/analysis/settings.h"

namespace rollout_simulation {

struct Stage {
    double share;
    double seconds;
};

// What the canary does differently; all as they are: an A/A run.
struct Regression {
    double failures = 1;                    // factor on what the baseline would fail; below 1: it is better
    double asks = 1;                        // how often a user asks it for each time it would ask the baseline
    double outage_from = 0, outage_to = 0;  // seconds in which the baseline fails every request
    std::optional<double> failure_rate;     // instead of the baseline's
    double latency = 1;                     // factor
    double hangs = 0;                       // part of its requests that wait for their time limit
    double from = 0;                        // seconds into the rollout
};

struct Setup {
    switchyard::control::analysis::Settings settings;
    Traffic traffic;
    bool sticky = false;
    unsigned regular = 0;      // clients whose requests alternate: a quick GET, a slow POST that fails more; 0: none
    bool on_evidence = false;  // a stage ends as soon as it may, a tenth of its seconds at least
    double both_hang = 0;      // part of all requests that wait for their time limit
    std::vector<Stage> stages;
    Regression regression;
    double tick = .05;  // seconds between two looks
    double warm_up = 10;
};

struct Outcome {
    std::optional<double> alarm_at;  // seconds from the regression's begin (from the start in an A/A run)
    std::string test;
    double share = 0;           // of the last stage it came to
    double extra_failures = 0;  // failed requests that the baseline would have served
    std::uint64_t canary_requests = 0;
    bool raw_would_have = false;  // sticky: every failure counted, as if requests were independent
};

Outcome simulate(const Setup& setup, std::uint64_t seed);

}  // namespace rollout_simulation
