// What no test can do better: the cost of a regression for one that is told what it is looking for.
//
// It is told the relative risk, looks after every failure, and stakes the whole false alarm rate, or the cap's part of
// it, on the arms of the failures; like all tests here it is not told the base rate, which an incident would change.
// The likelihood ratio of the arms is then the fastest there is, and the only evidence that keeps the rate however
// often it is looked at. A second one is not told when the regression begins: it has the horizon to spread its stake
// over.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/rollout_simulation/random.h"
#include "bench/rollout_simulation/scenarios.h"
#include "control/analysis/arm_factor.h"
#include "control/analysis/settings.h"

namespace rollout_simulation {

namespace {

struct Known {
    const char* name;
    double share;
    double canary;  // failure rate; the baseline's is kBase
};

constexpr double kRate = 1000, kBase = .01, kClean = 300, kSpreadOver = 900, kCap = 30;

const Known kKnown[] = {
    {"1 % -> 5 %, 5 %", .05, .05},
    {"1 % -> 5 %, 25 %", .25, .05},
    {"1 % -> 10 %, 25 %", .25, .10},
};

// Extra failures until the alarm.
double cost(const Known& known, bool told_when, double threshold, std::uint64_t seed) {
    Random random(seed);
    const double risk = known.canary / kBase;
    double stake = told_when ? 1 : 0, now = told_when ? kClean : 0;
    double extra = 0;
    while (std::log(stake) < threshold) {
        const bool regressed = now >= kClean;
        const double in_canary = kRate * known.share * (regressed ? known.canary : kBase);
        const double in_baseline = kRate * (1 - known.share) * kBase;
        const double wait = -std::log(1 - random.uniform()) / (in_canary + in_baseline);
        now += wait;
        if (!told_when) stake += wait / kSpreadOver;
        const bool canary = random.chance(in_canary / (in_canary + in_baseline));
        stake *= std::exp(switchyard::control::analysis::log_arm_factor(canary, !canary, known.share, risk, 1));
        if (regressed) extra += canary - wait * kRate * known.share * kBase;
    }
    return extra;
}

Row bound(const Known& known, bool told_when, double false_alarm, const char* part, const Scale& scale) {
    std::vector<double> extra;
    for (unsigned i = 0; i < scale.runs; ++i)
        extra.push_back(cost(known, told_when, std::log(1 / false_alarm), scale.seed + i));
    std::sort(extra.begin(), extra.end());
    const auto at = [&](double q) { return extra[static_cast<std::size_t>(q * static_cast<double>(extra.size()))]; };
    const auto within = static_cast<double>(std::upper_bound(extra.begin(), extra.end(), kCap) - extra.begin()) /
                        static_cast<double>(extra.size());
    Row row;
    row.name = fmt::format("{}, {}, {}", known.name, told_when ? "told when" : "not told when", part);
    row.text = fmt::format("extra failures median {:.0f}, p99 {:.0f}, within {:.0f}: {:.1f} %", at(.5), at(.99), kCap,
                           100 * within);
    row.figures = {{"runs", scale.runs}, {"extra_median", at(.5)}, {"extra_p99", at(.99)}, {"within_cap", within}};
    return row;
}

}  // namespace

std::vector<Row> best_possible(const Scale& scale) {
    switchyard::control::analysis::Settings settings;
    settings.max_extra_failures = static_cast<std::uint64_t>(kCap);
    const double cap = switchyard::control::analysis::Budget::of(settings).extra;
    std::vector<Row> rows;
    for (const Known& known : kKnown)
        for (const bool told_when : {true, false}) {
            rows.push_back(bound(known, told_when, settings.false_alarm, "whole rate", scale));
            rows.push_back(bound(known, told_when, cap, "the cap's part", scale));
        }
    std::erase_if(rows, [&](const Row& row) { return !scale.wanted(row.name); });
    return rows;
}

}  // namespace rollout_simulation
