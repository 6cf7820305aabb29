// How often is an innocent canary rolled back? A/A runs: both arms are the same service.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "bench/rollout_simulation/scenarios.h"

namespace rollout_simulation {

namespace {

// More alarms than this have a chance of less than one in a thousand when the stated rate is true.
unsigned most_credible(unsigned runs, double rate) {
    const double mean = runs * rate;
    double term = std::exp(-mean), sum = term;
    unsigned k = 0;
    while (sum < .999) sum += term *= mean / ++k;
    return k;
}

struct Kind {
    const char* name;
    bool sticky;
    double false_alarm;
    std::uint64_t cap = 30;
    double flakiness = 0;
    bool promised = true;  // that the stated rate holds
    double rate = 100;     // requests per second
};

// A cap in a sticky split assumes that users who are not broken fail alike; the last row shows what it costs when
// their rates differ from user to user, the row before it that nothing else rests on that.
const Kind kKinds[] = {
    {"A/A, per request, 0.1 %", false, .001},
    {"A/A, sticky, 0.1 %", true, .001},
    {"A/A, per request, 5 %", false, .05},
    {"A/A, sticky, 5 %", true, .05},
    {"A/A, per request, 2/s, 5 %", false, .05, 30, 0, true, 2},
    {"A/A, sticky, 2/s, 5 %", true, .05, 30, 0, true, 2},
    {"A/A, sticky, flaky users, no cap, 5 %", true, .05, 0, 1},
    {"A/A, sticky, flaky users, cap, 0.1 %", true, .001, 30, 1, false},
};

Row aa(const Kind& kind, const Scale& scale) {
    Setup setup;
    setup.tick = scale.look;
    setup.sticky = kind.sticky;
    setup.settings.false_alarm = kind.false_alarm;
    setup.settings.max_extra_failures = kind.cap;
    setup.traffic.flakiness = kind.flakiness;
    setup.traffic.rate = kind.rate;
    setup.settings.horizon = scale.seconds;
    for (const auto& [share, part] : {std::pair{.01, .1}, {.05, .2}, {.1, .2}, {.25, .25}, {.5, .25}})
        setup.stages.push_back({share, part * scale.seconds});
    const auto outcomes = simulate_many(setup, scale);
    unsigned alarms = 0, raw = 0;
    std::map<std::string, unsigned> by_test;
    for (const Outcome& o : outcomes) {
        raw += o.raw_would_have;
        if (!o.alarm_at) continue;
        ++alarms;
        ++by_test[o.test];
    }
    Row row;
    row.name = kind.name;
    row.held = !kind.promised || alarms <= most_credible(scale.runs, kind.false_alarm);
    row.text = fmt::format("{} of {} rolled back, {:.3f} % stated {:.3f} %", alarms, scale.runs,
                           100.0 * alarms / scale.runs, 100 * kind.false_alarm);
    if (kind.sticky) row.text += fmt::format("; counting every failure: {}", raw);
    row.figures = {{"rollouts", scale.runs},
                   {"seconds", scale.seconds},
                   {"stated", kind.false_alarm},
                   {"alarms", alarms},
                   {"raw_would_have", raw},
                   {"by_test", by_test},
                   {"requests_per_second", setup.traffic.rate},
                   {"sticky", kind.sticky},
                   {"cap", kind.cap},
                   {"flakiness", kind.flakiness}};
    return row;
}

}  // namespace

std::vector<Row> validity(const Scale& scale) {
    std::vector<Row> rows;
    for (const Kind& kind : kKinds)
        if (scale.wanted(kind.name)) rows.push_back(aa(kind, scale));
    return rows;
}

}  // namespace rollout_simulation
