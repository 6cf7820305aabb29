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

Row aa(const std::string& name, bool sticky, double false_alarm, const Scale& scale) {
    Setup setup;
    setup.sticky = sticky;
    setup.settings.false_alarm = false_alarm;
    setup.settings.max_extra_failures = 30;
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
    row.name = name;
    row.held = alarms <= most_credible(scale.runs, false_alarm);
    row.text = fmt::format("{} of {} rolled back, {:.3f} % stated {:.3f} %", alarms, scale.runs,
                           100.0 * alarms / scale.runs, 100 * false_alarm);
    if (sticky) row.text += fmt::format("; counting every failure: {}", raw);
    row.figures = {{"rollouts", scale.runs},
                   {"seconds", scale.seconds},
                   {"stated", false_alarm},
                   {"alarms", alarms},
                   {"raw_would_have", raw},
                   {"by_test", by_test},
                   {"requests_per_second", setup.traffic.rate},
                   {"sticky", sticky}};
    return row;
}

}  // namespace

std::vector<Row> validity(const Scale& scale) {
    return {aa("A/A, per request, 0.1 %", false, .001, scale), aa("A/A, sticky, 0.1 %", true, .001, scale),
            aa("A/A, per request, 5 %", false, .05, scale), aa("A/A, sticky, 5 %", true, .05, scale)};
}

}  // namespace rollout_simulation
