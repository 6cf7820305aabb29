// yardbench scenario: virtual users doing what a file says, in stages.
#include <fmt/format.h>

#include <iostream>

#include "bench/yardbench/engine/engine.h"
#include "bench/yardbench/report/duration.h"
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

struct ScenarioOptions {
    LoadFlags load;
    ScenarioFlags scenario;
    std::vector<unsigned> users;
    std::string expect;
};

struct StageResult {
    Stage stage;
    Tally tally;
    Validity valid;
    std::map<std::string, std::uint64_t> reasons;
    std::vector<Slo::Line> expectations;
};

StageResult run_stage(const ScenarioOptions& flags, const Url& target, const Scenario& scenario, const Stage& stage,
                      const Slo& slo) {
    Plan plan = flags.load.plan(target);
    const unsigned share = std::max(plan.streams, 1U);
    if (stage.users % share != 0)
        throw std::invalid_argument("--streams users share a connection: the number of users is no multiple of it");
    plan.connections = stage.users / share;
    plan.duration = stage.duration;
    plan.tags = static_cast<std::uint32_t>(scenario.step_names.size());
    const unsigned threads = std::min(plan.threads, plan.connections);
    const Cast cast = flags.scenario.cast(scenario, target, plan.slots());
    Engine engine(plan, [&](unsigned thread) { return std::make_unique<ScenarioWorkload>(cast, thread, threads); });
    StageResult result{stage, run_watched(engine, flags.load.quiet || flags.load.json).tally, {}, {}, {}};
    result.valid = validity(result.tally, plan.timetable.open());
    for (unsigned i = 0; i < engine.thread_count(); ++i)
        for (const auto& [reason, count] : static_cast<ScenarioWorkload&>(engine.workload(i)).reasons())
            result.reasons[reason] += count;
    result.expectations = slo.judge(result.tally);
    return result;
}

void print(const std::vector<StageResult>& results, const Scenario& scenario) {
    if (results.size() == 1) {
        fmt::print("{}", to_text(results[0].tally, scenario.step_names));
    } else {
        fmt::print("{:>7}{:>11}{:>10}{:>10}{:>10}{:>9}\n", "users", "req/s", "p50", "p99", "max", "errors");
        for (const StageResult& r : results)
            fmt::print("{:>7}{:>11.0f}{:>10}{:>10}{:>10}{:>9}\n", r.stage.users, r.tally.rate(),
                       quantile_text(r.tally.latency, 0.5), quantile_text(r.tally.latency, 0.99),
                       quantile_text(r.tally.latency, 1), r.tally.failed());
    }
    for (const StageResult& r : results) {
        for (const auto& [reason, count] : r.reasons)
            fmt::print("{:>7} users: {} x {}\n", r.stage.users, count, reason);
        for (const std::string& reason : r.valid.reasons)
            fmt::print("{:>7} users: INVALID {}\n", r.stage.users, reason);
        for (const Slo::Line& line : r.expectations)
            fmt::print("{:>7} users: {} {}\n", r.stage.users, line.held ? "held  " : "BROKEN", line.what);
    }
}

// Users without a pause between their steps ask as fast as they are answered: not what "users" sounds like.
void say_what_comes(const Scenario& scenario, const std::vector<Stage>& stages, const LoadFlags& load) {
    if (load.rate > 0) return;
    for (const Group& group : scenario.groups)
        for (const Step& step : group.mix)
            if (step.think_most > 0) return;
    unsigned most = 0;
    for (const Stage& stage : stages) most = std::max(most, stage.users);
    fmt::print(stderr,
               "{} has no think time: up to {} users ask again the moment they are answered, tens of thousands of "
               "times a second where the answers are fast; give its steps \"think\", or offer a --rate\n",
               scenario.name, most);
}

int run_scenario(const ScenarioOptions& flags) {
    const Url target = parse_url(flags.load.url);
    const Scenario scenario = load_scenario(flags.scenario.file);
    const Slo slo(flags.expect);
    std::vector<Stage> stages;
    for (unsigned users : flags.users) stages.push_back({users, parse_duration(flags.load.duration)});
    if (stages.empty()) stages = scenario.stages;
    if (stages.empty()) stages.push_back({flags.load.connections, parse_duration(flags.load.duration)});
    say_what_comes(scenario, stages, flags.load);
    std::vector<StageResult> results;
    for (const Stage& stage : stages) {
        if (interrupted()) break;
        results.push_back(run_stage(flags, target, scenario, stage, slo));
    }
    // What was not run has not held.
    bool held = results.size() == stages.size();
    nlohmann::json out{
        {"scenario", scenario.name}, {"stages", nlohmann::json::array()}, {"interrupted", interrupted()}};
    for (const StageResult& r : results) {
        nlohmann::json one = to_json(r.tally, scenario.step_names);
        one["users"] = r.stage.users;
        one["reasons"] = r.reasons;
        one["valid"] = r.valid.valid;
        one["invalid_because"] = r.valid.reasons;
        for (const Slo::Line& line : r.expectations) {
            one["expectations"].push_back({{"what", line.what}, {"held", line.held}});
            held = held && line.held;
        }
        // Without expectations of one's own, none of the scenario's may be broken.
        if (slo.empty()) held = held && r.tally.failed() == 0;
        out["stages"].push_back(one);
    }
    if (flags.load.json)
        std::cout << out.dump(2) << '\n';
    else
        print(results, scenario);
    if (interrupted() && !flags.load.json)
        fmt::print("interrupted: this is what there was until then, {} of {} stages\n", results.size(), stages.size());
    return held ? 0 : 1;
}

}  // namespace

void add_scenario(CLI::App& program, int& exit_code) {
    auto flags = std::make_shared<ScenarioOptions>();
    CLI::App* verb = program.add_subcommand("scenario", "virtual users doing what a file says, in stages");
    flags->load.add_to(*verb);
    flags->scenario.add_to(*verb);
    verb->add_option("--users", flags->users, "stages: 50,200,500; instead of the file's own")->delimiter(',');
    verb->add_option("--expect", flags->expect, "p99=50ms,errors=0.1%: exit 1 unless every stage holds it");
    verb->footer(
        "example: yardbench scenario http://127.0.0.1:8080/ -s bench/scenarios/forum_mixed.json --users 50,200,500");
    verb->callback([flags, &exit_code] { exit_code = run_scenario(*flags); });
}

}  // namespace yardbench
