// What a rollout looked like over time, for its report: one sample a second at first, fewer when it gets long.
//
// Invariants: at most kMost samples; when full every second one is dropped and the interval doubles.
// Threads: control. Units: seconds since the rollout began, microseconds, ln E as a part of its threshold.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/analysis/analysis.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

struct ArmSample {
    std::uint64_t attempts = 0, failures = 0;          // of the interval
    std::uint64_t p50_us = 0, p90_us = 0, p99_us = 0;  // of the step so far
};

struct Sample {
    double at = 0;
    Ppm weight = 0;
    ArmSample from, to;
    std::vector<double> evidence;  // ln E over its threshold, by the timeline's tests(); 1 acts
};

class Timeline {
  public:
    static constexpr std::size_t kMost = 1200;

    // True when the next sample is due.
    bool due(double at) const { return samples_.empty() || at - samples_.back().at >= interval_; }
    void add(Sample sample);
    const std::vector<Sample>& samples() const { return samples_; }
    const std::vector<std::string>& tests() const { return tests_; }
    // Puts the evidence of one test into a sample that is to be added.
    void note(Sample& sample, const std::string& test, double part);

    nlohmann::ordered_json to_json() const;
    static Timeline from_json(const nlohmann::ordered_json& json);

  private:
    std::vector<std::string> tests_;  // as they appeared
    std::vector<Sample> samples_;
    double interval_ = 1.0;
};

}  // namespace switchyard::control::rollout
