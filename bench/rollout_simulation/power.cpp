// How fast is a guilty canary rolled back, and what has it cost by then?
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bench/rollout_simulation/scenarios.h"

namespace rollout_simulation {

namespace {

struct Case {
    const char* name;
    double rate;  // requests per second
    double share;
    double base, canary;  // failure rates
    double latency;
    double spread;
    bool sticky;
    double from;         // seconds of clean rollout before
    double median, p90;  // bounds in seconds; 0: none stated
    double hangs = 0;    // of its requests, in a plan of short steps; then only evidence takes them
};

constexpr double kSameRate = -1;
constexpr double kHorizon = 900;

const Case kCases[] = {
    {"failures 1 % -> 5 %, 1,000/s, 5 %", 1000, .05, .01, .05, 1, .8, false, 0, 10, 20},
    {"failures 1 % -> 5 %, after 300 s clean", 1000, .05, .01, .05, 1, .8, false, 300, 0, 0},
    {"the same at 25 %, after 300 s clean", 1000, .25, .01, .05, 1, .8, false, 300, 0, 0},
    {"failures 1 % -> 10 %", 1000, .05, .01, .10, 1, .8, false, 0, 0, 0},
    {"only failures, 2,000/s, 5 %", 2000, .05, .01, 1, 1, .8, false, 0, 1, 1},
    {"failures 0.1 % -> 5 %, 100/s", 100, .05, .001, .05, 1, .8, false, 0, 0, 0},
    {"failures 1 % -> 50 %, 2/s, 20 %", 2, .20, .01, .50, 1, .8, false, 0, 0, 0},
    {"sticky, 50,000 users: 1 % -> 50 %, 2/s, 20 %", 2, .20, .01, .50, 1, .8, true, 0, 0, 0},
    {"sticky, 50,000 users: 1 % -> 5 %", 1000, .05, .01, .05, 1, .8, true, 0, 0, 0},
    {"sticky, the same after 300 s clean", 1000, .05, .01, .05, 1, .8, true, 300, 0, 0},
    {"sticky, 50,000 users: 1 % -> 10 %", 1000, .05, .01, .10, 1, .8, true, 0, 0, 0},
    {"sticky, 50,000 users: only failures", 2000, .05, .01, 1, 1, .8, true, 0, 1, 1},
    {"latency x1.3, spread 0.8", 1000, .05, .001, kSameRate, 1.3, .8, false, 0, 30, 0},
    {"latency x1.3, spread 0.5", 1000, .05, .001, kSameRate, 1.3, .5, false, 0, 30, 0},
    {"latency x2, spread 0.8", 1000, .05, .001, kSameRate, 2, .8, false, 0, 30, 0},
    {"sticky, latency x1.3, spread 0.5", 1000, .05, .001, kSameRate, 1.3, .5, true, 0, 0, 0},
    {"5 % hang, steps of 5 s", 1000, .05, .001, kSameRate, 1, .8, false, 0, 30, 0, .05},
    {"sticky, 5 % hang, steps of 5 s", 1000, .05, .001, kSameRate, 1, .8, true, 0, 30, 0, .05},
};

Setup setup_of(const Case& c, const Scale& scale) {
    Setup setup;
    setup.tick = scale.look;
    setup.sticky = c.sticky;
    setup.settings.max_extra_failures = 30;
    setup.settings.horizon = kHorizon;
    setup.traffic.rate = c.rate;
    setup.traffic.base_failures = c.base;
    setup.traffic.always_failing = 0;
    setup.traffic.users = 50'000;
    setup.traffic.spread = c.spread;
    setup.traffic.user_spread = c.sticky ? .2 : 0;
    setup.traffic.weather = false;
    if (c.canary >= 0) setup.regression.failure_rate = c.canary;
    setup.regression.latency = c.latency;
    setup.regression.from = c.from;
    setup.regression.hangs = c.hangs;
    setup.stages = {{c.share, kHorizon}};
    if (c.hangs <= 0) return setup;
    // As a plan with bakes of five seconds: each step may be held for ten times as long.
    setup.on_evidence = true;
    setup.stages.clear();
    for (const double share : {.05, .10, .25, .50}) setup.stages.push_back({share, 50});
    return setup;
}

Row measure(const Case& c, const Scale& scale) {
    std::vector<double> delays, extra, shares;
    std::map<std::string, unsigned> by_test;
    const Setup setup = setup_of(c, scale);
    for (const Outcome& o : simulate_many(setup, scale)) {
        delays.push_back(o.alarm_at.value_or(INFINITY));
        extra.push_back(o.extra_failures);
        shares.push_back(o.share);
        ++by_test[o.alarm_at ? o.test : "none"];
    }
    std::sort(delays.begin(), delays.end());
    std::sort(extra.begin(), extra.end());
    std::sort(shares.begin(), shares.end());
    const auto at = [](const std::vector<double>& v, double q) {
        return v[std::min(v.size() - 1, static_cast<std::size_t>(q * static_cast<double>(v.size())))];
    };
    const bool capped = c.canary >= 0 && c.median > 0;
    const auto below_cap = static_cast<double>(std::count_if(
                               extra.begin(), extra.end(),
                               [&](double e) { return e <= static_cast<double>(setup.settings.max_extra_failures); })) /
                           static_cast<double>(extra.size());
    Row row;
    row.name = c.name;
    row.held = (c.median <= 0 || at(delays, .5) <= c.median) && (c.p90 <= 0 || at(delays, .9) <= c.p90) &&
               (!capped || c.canary >= 1 || below_cap >= .99);
    // A release that hangs hardly ever climbs while its requests wait.
    if (c.hangs > 0) row.held = row.held && at(shares, .9) <= c.share;
    row.text =
        fmt::format("median {:.1f} s, p90 {:.1f} s, p99 {:.1f} s", at(delays, .5), at(delays, .9), at(delays, .99));
    if (c.canary >= 0)
        row.text += fmt::format("; extra failures median {:.0f}, p99 {:.0f}, within the cap of {}: {:.1f} %",
                                at(extra, .5), at(extra, .99), setup.settings.max_extra_failures, 100 * below_cap);
    if (c.hangs > 0)
        row.text += fmt::format("; at a share of {:.0f} %, p99 {:.0f} %", 100 * at(shares, .5), 100 * at(shares, .99));
    row.figures = {{"runs", scale.runs},
                   {"median_s", at(delays, .5)},
                   {"p90_s", at(delays, .9)},
                   {"p99_s", at(delays, .99)},
                   {"extra_median", at(extra, .5)},
                   {"extra_p99", at(extra, .99)},
                   {"within_cap", below_cap},
                   {"by_test", by_test}};
    return row;
}

}  // namespace

std::vector<Row> power(const Scale& scale) {
    std::vector<Row> rows;
    for (const Case& c : kCases)
        if (scale.wanted(c.name)) rows.push_back(measure(c, scale));
    return rows;
}

}  // namespace rollout_simulation
