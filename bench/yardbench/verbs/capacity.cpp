// yardbench capacity: the highest rate that holds what is expected, found by search, with the evidence.
#include <fmt/format.h>

#include <iostream>

#include "bench/yardbench/engine/engine.h"
#include "bench/yardbench/engine/plain_workload.h"
#include "bench/yardbench/report/capacity_search.h"
#include "bench/yardbench/report/figures.h"
#include "bench/yardbench/report/slo.h"
#include "bench/yardbench/report/validity.h"
#include "bench/yardbench/scenario/scenario_workload.h"
#include "bench/yardbench/verbs/load_flags.h"
#include "bench/yardbench/verbs/scenario_flags.h"
#include "bench/yardbench/verbs/verbs.h"
#include "bench/yardbench/verbs/watched_run.h"

namespace yardbench {
namespace {

struct Flags {
    LoadFlags load;
    ScenarioFlags scenario;
    std::vector<std::string> headers;
    std::string slo = "p99=20ms,errors=0.1%";
    double first = 500;
    double most = 500'000;
    double precision = 5;
};

struct Probe {
    double rate = 0;
    bool held = false;
    Validity valid;
    Tally tally;
};

void print(const Probe& probe) {
    fmt::print("{:>10.0f}{:>11.0f}{:>10}{:>10}{:>10}{:>9}{:>9}  {}\n", probe.rate, probe.tally.rate(),
               quantile_text(probe.tally.latency, 0.5), quantile_text(probe.tally.latency, 0.99),
               quantile_text(probe.tally.latency, 1), probe.tally.failed(), probe.tally.unsent,
               !probe.valid.valid ? "invalid: yardbench itself lagged"
               : probe.held       ? "held"
                                  : "broken");
    std::cout.flush();
}

int run(const Flags& flags) {
    const Url target = parse_url(flags.load.url);
    const Slo slo(flags.slo);
    if (slo.empty()) throw std::invalid_argument("--slo must say what to hold, e.g. p99=20ms,errors=0.1%");
    if (flags.load.rate > 0 || flags.load.requests > 0)
        throw std::invalid_argument(
            "capacity chooses --rate itself and each try lasts --duration; see --first, --most");
    const bool grpc = flags.load.grpc;
    const std::string request = grpc ? call_text(target, flags.headers, "")
                                     : request_text("GET", target, flags.headers, "", flags.load.close_each);
    std::optional<Scenario> scenario;
    if (!flags.scenario.file.empty()) scenario = load_scenario(flags.scenario.file);
    CapacitySearch search(flags.first, flags.most, flags.precision / 100);
    std::vector<Probe> probes;
    bool own_limit = false;
    if (!flags.load.json)
        fmt::print("{:>10}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}\n", "offered", "answered", "p50", "p99", "max", "failed",
                   "unsent");
    while (const auto rate = search.next()) {
        if (interrupted()) break;
        Plan plan = flags.load.plan(target);
        plan.timetable = {*rate, *rate, 0};
        std::optional<Cast> cast;
        if (scenario) {
            plan.tags = static_cast<std::uint32_t>(scenario->step_names.size());
            cast = flags.scenario.cast(*scenario, target, plan.slots());
        }
        const unsigned threads = std::min(plan.threads, plan.connections);
        Engine engine(plan, [&](unsigned thread) -> std::unique_ptr<Workload> {
            if (cast) return std::make_unique<ScenarioWorkload>(*cast, thread, threads);
            return std::make_unique<PlainWorkload>(request, false, grpc);
        });
        Probe probe;
        probe.rate = *rate;
        probe.tally = run_watched(engine, true).tally;
        probe.valid = validity(probe.tally, true);
        // What yardbench did not send in time is no figure, neither for nor against the rate.
        probe.held = probe.valid.valid && slo.held(probe.tally);
        if (!flags.load.json) print(probe);
        if (!probe.held) own_limit = !probe.valid.valid;
        search.report(probe.held);
        probes.push_back(std::move(probe));
    }
    if (flags.load.json) {
        nlohmann::json out{{"slo", flags.slo},
                           {"capacity", search.held() > 0 ? nlohmann::json(search.held()) : nlohmann::json()},
                           {"broke_at", search.broke()},
                           {"generator_limited", own_limit},
                           {"interrupted", interrupted()}};
        for (const Probe& probe : probes)
            out["probes"].push_back({{"rate", probe.rate},
                                     {"held", probe.held},
                                     {"valid", probe.valid.valid},
                                     {"result", to_json(probe.tally, {})}});
        std::cout << out.dump(2) << '\n';
    } else {
        if (search.held() > 0)
            fmt::print("capacity  {:.0f} requests per second hold {}", search.held(), flags.slo);
        else
            fmt::print("capacity  -: no rate that was tried held {}", flags.slo);
        if (search.held() == 0)
            fmt::print("\n");
        else if (search.broke() > 0)
            fmt::print("; {:.0f} do not\n", search.broke());
        else
            fmt::print("; no higher rate was tried\n");
        if (own_limit)
            fmt::print(
                "NOTE      the lowest rate that did not hold was not judged, because yardbench itself lagged: {}\n",
                search.held() > 0 ? "a lower bound" : "begin lower with --first, or give yardbench a processor");
    }
    return search.held() > 0 && !interrupted() ? 0 : 1;
}

}  // namespace

void add_capacity(CLI::App& program, int& exit_code) {
    auto flags = std::make_shared<Flags>();
    CLI::App* verb = program.add_subcommand("capacity", "the highest rate that holds what is expected, by search");
    flags->load.add_to(*verb);
    flags->load.add_grpc_to(*verb);
    verb->get_option("--duration")->default_val("5s");
    verb->add_option("-s,--scenario", flags->scenario.file, "drive a scenario instead of one request");
    verb->add_option("-H,--header", flags->headers, "\"Name: value\", may be repeated");
    verb->add_option("--slo", flags->slo, "what to hold")->capture_default_str();
    const CLI::Range rates(1.0, 100'000'000.0);
    verb->add_option("--first", flags->first, "rate to begin with")->check(rates)->capture_default_str();
    verb->add_option("--most", flags->most, "rate not to exceed")->check(rates)->capture_default_str();
    verb->add_option("--precision", flags->precision, "percent")->check(CLI::Range(0.1, 100.0))->capture_default_str();
    verb->footer("example: yardbench capacity http://127.0.0.1:8080/ --slo p99=20ms,errors=0.1%");
    verb->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace yardbench
