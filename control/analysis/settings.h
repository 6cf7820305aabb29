// What an operator may ask of the analysis, and how the one false alarm rate is divided among its tests.
//
// The stated rate is the chance that a canary which is no worse than the baseline is rolled back at any time of the
// rollout. It is divided by weight (Bonferroni): each test alarms at 1 / (false_alarm × its share), so the total
// holds under any dependence between tests.
// Threads: plain values. Units: fractions, seconds, microseconds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "control/analysis/frozen_quantiles.h"

namespace switchyard::control::analysis {

struct Settings {
    double false_alarm = 0.001;
    double errors_tolerate = 1.5;  // relative risk of failure that is still accepted; 0: errors are not tested
    // Relative risk of being slower than the baseline's frozen quantile that is still accepted; 0: not tested.
    std::array<double, kLevels> latency_tolerate{1.2, 1.5, 2.0};
    double latency_tail = 3.0;                                     // of being slower than kTailTimes its p99
    std::array<double, kLevels> duration_tolerate{1.2, 1.5, 2.0};  // of whole answers
    double duration_tail = 3.0;
    std::optional<double> failure_limit;     // absolute: 1 - success_percent / 100
    std::optional<std::uint64_t> p99_limit;  // absolute: microseconds that 99 % must keep
    std::uint64_t max_extra_failures = 0;    // 0: no cap
    bool check_sample_ratio = true;          // not when rules send requests past the split: then no share is promised
    // Kinds of answers (answer_tests.h), beside false_alarm; 0: not tested.
    double answers_false_alarm = 0.001;
    bool answers_roll_back = false;  // else what is found holds the step
    bool sticky = false;             // the route's split goes by buckets
    double horizon = 3600.0;         // seconds the whole rollout is expected to take
};

// Parts of the false alarm rate. Those of tests that are switched off go to the others in proportion.
struct Budget {
    double errors = 0.33;
    double extra = 0.18;  // the cap on extra failures
    double slo = 0.07;
    std::array<double, kLevels> latency{0.07, 0.11, 0.07};
    double latency_tail = 0.06;
    std::array<double, kLevels> duration{0.03, 0.04, 0.02};
    double duration_tail = 0.02;

    static Budget of(const Settings& settings) {
        Budget b;
        if (settings.errors_tolerate <= 0.0) b.errors = 0.0;
        if (settings.max_extra_failures == 0) b.extra = 0.0;
        for (std::size_t i = 0; i < kLevels; ++i) {
            if (settings.latency_tolerate[i] <= 0.0) b.latency[i] = 0.0;
            if (settings.duration_tolerate[i] <= 0.0) b.duration[i] = 0.0;
        }
        if (settings.latency_tail <= 0.0) b.latency_tail = 0.0;
        if (settings.duration_tail <= 0.0) b.duration_tail = 0.0;
        const double sum = b.total();
        const double scale = settings.false_alarm / sum;
        b.errors *= scale, b.extra *= scale, b.slo *= scale, b.latency_tail *= scale, b.duration_tail *= scale;
        for (double& part : b.latency) part *= scale;
        for (double& part : b.duration) part *= scale;
        return b;
    }
    double total() const {
        double sum = errors + extra + slo + latency_tail + duration_tail;
        for (std::size_t i = 0; i < kLevels; ++i) sum += latency[i] + duration[i];
        return sum;
    }
};

}  // namespace switchyard::control::analysis
