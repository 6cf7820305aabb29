// How often is an innocent canary rolled back? Both arms are the same service, or the new one is better.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "bench/rollout_simulation/scenarios.h"

namespace rollout_simulation {

namespace {

// More alarms than this have a chance of at most one in a hundred when the stated rate is true.
unsigned most_credible(unsigned runs, double rate) {
    double term = std::pow(1.0 - rate, runs), sum = term;
    unsigned k = 0;
    for (; sum < .99 && k < runs; ++k) sum += term *= (runs - k) * rate / ((k + 1) * (1.0 - rate));
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
    double outage = 0;  // of the old release, from a third of the rollout on, seconds
    double hangs = 0;   // of all requests
    double tick = 0;    // seconds; 0: as all
    double seconds = 0;
};

Kind per_request_kind(const char* name, double failures, Regression regression) {
    Kind kind{name, false, .001, 0};
    kind.failures = failures, kind.regression = regression;
    return kind;
}

constexpr double kAlike = 0, kZipf = 1.2;

Kind sticky_kind(const char* name, double users_zipf, double failures, Regression regression) {
    Kind kind{name, true, .001, 0};
    if (users_zipf == kAlike) kind.user_spread = 0, kind.always_failing = 0, kind.users = 1500;
    kind.rate = 250, kind.zipf = users_zipf, kind.regression = regression, kind.failures = failures;
    return kind;
}

Kind regular_kind(const char* name, double share, unsigned clients, double tick = 0) {
    Kind kind{name, false, .001, 0};
    kind.regular = clients, kind.only_share = share, kind.tick = tick;
    return kind;
}

// Inside the tolerance: relative risks of 1.16, 1.39, 1.65.
Kind slower_within(const char* name) {
    Kind kind{name, false, .001, 0};
    kind.regression.latency = 1.05, kind.spread = .25, kind.user_spread = 0, kind.weather = false;
    kind.only_share = .1, kind.seconds = 300;
    return kind;
}

// The same with many more marks: 1.18, 1.45, 1.77.
Kind slower_at(const char* name, double latency, double spread) {
    Kind kind = slower_within(name);
    kind.regression.latency = latency, kind.spread = spread;
    kind.rate = 1000, kind.only_share = .25;
    return kind;
}

// A fixed delay of 20 ms whose values lie within a millisecond: any quantile is passed by nearly all of what is a
// little slower, which no user notices (frozen_quantiles.h).
Kind fixed_delay(const char* name, bool sticky) {
    Kind kind{name, sticky, .001, 0};
    kind.regression.latency = 1.02, kind.spread = .0125, kind.user_spread = 0, kind.weather = false;
    kind.only_share = .1, kind.seconds = 300;
    return kind;
}

Kind on_evidence(Kind kind) {
    kind.on_evidence = true;
    return kind;
}
Kind with_outage(Kind kind) {
    kind.outage = 15;
    return kind;
}
Kind with_hanging(Kind kind) {
    kind.hangs = .02;
    return kind;
}
Kind at_five_percent(Kind kind) {
    kind.false_alarm = .05;
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

// A cap in a sticky split assumes that users who are not broken fail alike; the last row of the first group shows what
// it costs when their rates differ from user to user, the row before it that nothing else rests on that.
// Then: releases that are better, an old one that was out, users who are all alike, who ask the new one more often, who
// ask in a fixed order, plans whose steps are taken on evidence, requests that hang. The promise is made for all.
const Kind kKinds[] = {
    {"A/A, per request, 0.1 %", false, .001},
    {"A/A, sticky, 0.1 %", true, .001},
    {"A/A, per request, 5 %", false, .05},
    {"A/A, sticky, 5 %", true, .05},
    {"A/A, per request, 2/s, 5 %", false, .05, 30, 0, true, 2},
    {"A/A, sticky, 2/s, 5 %", true, .05, 30, 0, true, 2},
    {"A/A, sticky, flaky users, no cap, 5 %", true, .05, 0, 1},
    {"A/A, sticky, flaky users, cap, 0.1 %", true, .001, 30, 1, false},
    per_request_kind("per request, a tenth fewer failures", .04, better(.9)),
    per_request_kind("per request, half the failures, 30 % faster", .04, better(.5, .7)),
    per_request_kind("per request, no failures", .04, better(0)),
    with_outage(per_request_kind("per request, the old one out for 15 s", .02, {})),
    sticky_kind("alike users, A/A", kAlike, .02, {}),
    sticky_kind("alike users, a tenth fewer failures", kAlike, .04, better(.9)),
    sticky_kind("alike users, half the failures", kAlike, .04, better(.5)),
    sticky_kind("alike users, a quarter of the failures", kAlike, .04, better(.25)),
    sticky_kind("alike users, no failures", kAlike, .04, better(0)),
    sticky_kind("alike users, 30 % faster", kAlike, .005, better(1, .7)),
    with_outage(sticky_kind("alike users, the old one out for 15 s", kAlike, .02, {})),
    sticky_kind("alike users, ask half as often again", kAlike, .01, asks(1.5)),
    sticky_kind("alike users, ask twice as often", kAlike, .01, asks(2)),
    sticky_kind("Zipf users, a tenth fewer failures", kZipf, .04, better(.9)),
    sticky_kind("Zipf users, half the failures, 30 % faster", kZipf, .04, better(.5, .7)),
    sticky_kind("Zipf users, no failures", kZipf, .04, better(0)),
    with_outage(sticky_kind("Zipf users, the old one out for 15 s", kZipf, .02, {})),
    sticky_kind("Zipf users, ask twice as often", kZipf, .01, asks(2)),
    at_five_percent(sticky_kind("alike users, ask twice as often, 5 %", kAlike, .01, asks(2))),
    on_evidence(per_request_kind("steps on evidence, per request, A/A", .02, {})),
    on_evidence(at_five_percent(per_request_kind("steps on evidence, per request, A/A, 5 %", .02, {}))),
    on_evidence(sticky_kind("steps on evidence, alike users, A/A", kAlike, .02, {})),
    on_evidence(at_five_percent(sticky_kind("steps on evidence, alike users, A/A, 5 %", kAlike, .02, {}))),
    on_evidence(sticky_kind("steps on evidence, alike users, better", kAlike, .04, better(.5, .7))),
    on_evidence(sticky_kind("steps on evidence, Zipf users, better", kZipf, .04, better(.5, .7))),
    on_evidence(at_five_percent(sticky_kind("steps on evidence, Zipf users, A/A, 5 %", kZipf, .02, {}))),
    with_hanging(per_request_kind("2 % hang in both, per request", .005, {})),
    with_hanging(sticky_kind("2 % hang in both, alike users", kAlike, .005, {})),
    with_hanging(sticky_kind("2 % hang in both, Zipf users", kZipf, .005, {})),
    slower_within("5 % slower, inside the tolerance, 100/s, 10 %"),
    slower_at("11 % slower, inside the tolerance, 1,000/s, 25 %", 1.11, .5),
    fixed_delay("fixed 20 ms, 0.4 ms slower, 100/s, 10 %", false),
    fixed_delay("fixed 20 ms, 0.4 ms slower, Zipf users", true),
    regular_kind("one regular client, P = 2", .5, 1),
    regular_kind("one regular client, P = 2, 200 looks a second", .5, 1, .005),
    regular_kind("four regular clients, P = 2", .5, 4),
    regular_kind("one regular client, P = 20", .05, 1),
    regular_kind("one regular client, P = 20, 200 looks a second", .05, 1, .005),
    regular_kind("four regular clients, P = 20", .05, 4),
};

Row aa(const Kind& kind, const Scale& scale) {
    Setup setup;
    const double seconds = kind.seconds > 0 ? kind.seconds : scale.seconds;
    setup.tick = kind.tick > 0 ? kind.tick : scale.look;
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
    setup.both_hang = kind.hangs;
    if (kind.outage > 0)
        setup.regression.outage_from = seconds / 3, setup.regression.outage_to = seconds / 3 + kind.outage;
    setup.settings.horizon = seconds;
    if (kind.only_share > 0)
        setup.stages.push_back({kind.only_share, seconds});
    else
        for (const auto& [share, part] : {std::pair{.01, .1}, {.05, .2}, {.1, .2}, {.25, .25}, {.5, .25}})
            setup.stages.push_back({share, part * seconds});
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
    row.text =
        fmt::format("{} of {} rolled back, {:.3f} % stated {:.3f} %, at most {}", alarms, scale.runs,
                    100.0 * alarms / scale.runs, 100 * kind.false_alarm, most_credible(scale.runs, kind.false_alarm));
    if (kind.sticky) row.text += fmt::format("; counting every failure: {}", raw);
    row.figures = {{"rollouts", scale.runs},
                   {"seconds", seconds},
                   {"stated", kind.false_alarm},
                   {"alarms", alarms},
                   {"at_most", most_credible(scale.runs, kind.false_alarm)},
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
