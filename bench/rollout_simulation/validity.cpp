// How often is an innocent canary rolled back? Both arms are the same service, or the new one is better.
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
    double zipf = 1.2;
    std::uint32_t users = 5000;
    Regression regression{};
    double failures = .005;
    unsigned regular = 0;
    double user_spread = .5, always_failing = .005;
    double spread = .8;
    bool weather = true;
    double only_share = 0;  // one stage of that share; 0: all stages
    bool on_evidence = false;
};

Kind sticky_kind(const char* name, double rate, double failures, Regression regression, double zipf = 0,
                 std::uint32_t users = 1500) {
    Kind kind{name, true, .001, 0};
    if (zipf == 0) kind.user_spread = 0, kind.always_failing = 0;
    kind.rate = rate, kind.zipf = zipf, kind.users = users, kind.regression = regression, kind.failures = failures;
    return kind;
}

Kind regular_kind(const char* name, double share, unsigned clients) {
    Kind kind{name, false, .001, 0};
    kind.regular = clients, kind.only_share = share;
    return kind;
}

// Not innocent, but tolerated: relative risks of 1.16, 1.39, 1.65. Nothing is promised, and hardly any may go.
Kind slower_within(const char* name) {
    Kind kind{name, false, .001, 0};
    kind.regression.latency = 1.05, kind.spread = .25, kind.user_spread = 0, kind.weather = false;
    kind.only_share = .1, kind.promised = false;
    return kind;
}

Kind on_evidence(Kind kind, const char* name) {
    kind.name = name, kind.on_evidence = true;
    return kind;
}

Regression better(double failures, double latency = 1) {
    Regression out;
    out.failures = failures, out.latency = latency;
    return out;
}
Regression asks(double often) {
    Regression out;
    out.asks = often;
    return out;
}
Regression outage(double from, double to) {
    Regression out;
    out.outage_from = from, out.outage_to = to;
    return out;
}

// A cap in a sticky split assumes that users who are not broken fail alike; the last row of the first group shows what
// it costs when their rates differ from user to user, the row before it that nothing else rests on that.
// Second group: releases that are better, an old one that was out, users who are all alike, who ask the new one more
// often, who ask in a fixed order. The promise is made for all of them.
const Kind kKinds[] = {
    {"A/A, per request, 0.1 %", false, .001},
    {"A/A, sticky, 0.1 %", true, .001},
    {"A/A, per request, 5 %", false, .05},
    {"A/A, sticky, 5 %", true, .05},
    {"A/A, per request, 2/s, 5 %", false, .05, 30, 0, true, 2},
    {"A/A, sticky, 2/s, 5 %", true, .05, 30, 0, true, 2},
    {"A/A, sticky, flaky users, no cap, 5 %", true, .05, 0, 1},
    {"A/A, sticky, flaky users, cap, 0.1 %", true, .001, 30, 1, false},
    sticky_kind("alike users, A/A", 250, .02, {}),
    sticky_kind("alike users, a tenth fewer failures", 250, .04, better(.9)),
    sticky_kind("alike users, half the failures", 250, .04, better(.5)),
    sticky_kind("alike users, a quarter of the failures", 250, .04, better(.25)),
    sticky_kind("alike users, no failures", 250, .04, better(0)),
    sticky_kind("alike users, 30 % faster", 250, .005, better(1, .7)),
    sticky_kind("Zipf users, half the failures, 30 % faster", 250, .04, better(.5, .7), 1.2, 5000),
    sticky_kind("alike users, the old one out for 15 s", 250, .02, outage(500, 515)),
    sticky_kind("alike users, ask twice as often", 250, .01, asks(2)),
    sticky_kind("Zipf users, ask twice as often", 250, .01, asks(2), 1.2, 5000),
    on_evidence(sticky_kind("", 250, .04, better(.5, .7)), "alike users, better, steps on evidence"),
    on_evidence(sticky_kind("", 250, .02, {}), "alike users, A/A, steps on evidence"),
    slower_within("5 % slower, inside the tolerance, 100/s, 10 %"),
    regular_kind("one regular client, 50 %", .5, 1),
    regular_kind("four regular clients, 50 %", .5, 4),
    regular_kind("one regular client, 5 %", .05, 1),
};

Row aa(const Kind& kind, const Scale& scale) {
    Setup setup;
    setup.tick = scale.look;
    setup.sticky = kind.sticky;
    setup.settings.false_alarm = kind.false_alarm;
    setup.settings.max_extra_failures = kind.cap;
    setup.traffic.flakiness = kind.flakiness;
    setup.traffic.rate = kind.rate;
    setup.traffic.zipf = kind.zipf;
    setup.traffic.spread = kind.spread;
    setup.traffic.weather = kind.weather;
    setup.traffic.user_spread = kind.user_spread;
    setup.traffic.always_failing = kind.always_failing;
    setup.traffic.users = kind.users;
    setup.traffic.base_failures = kind.failures;
    setup.regression = kind.regression;
    setup.regular = kind.regular;
    setup.on_evidence = kind.on_evidence;
    setup.settings.horizon = scale.seconds;
    if (kind.only_share > 0)
        setup.stages.push_back({kind.only_share, scale.seconds});
    else
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
