// yardbench rehearse: a release rehearsed under mixed load, step by step, with a verdict.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <thread>

#include "bench/yardbench/engine/engine.h"
#include "bench/yardbench/rehearsal/rehearsal.h"
#include "bench/yardbench/rehearsal/rehearsal_verdict.h"
#include "bench/yardbench/report/duration.h"
#include "bench/yardbench/report/figures.h"
#include "bench/yardbench/scenario/scenario_workload.h"
#include "bench/yardbench/verbs/load_flags.h"
#include "bench/yardbench/verbs/scenario_flags.h"
#include "bench/yardbench/verbs/token.h"
#include "bench/yardbench/verbs/verbs.h"
#include "bench/yardbench/verbs/watched_run.h"

namespace yardbench {
namespace {

struct RehearseOptions {
    LoadFlags load;
    ScenarioFlags scenario;
    TokenFlags token;
    Rehearsal::Settings steps;
    std::string admin;
    std::string pause = "2s";
    std::string ledger;
    std::string result;
};

// load → counting → recording → scenario: the log has what the scenario decided, the counts are for the story.
ScenarioWorkload& scenario_of(Workload& outermost) {
    auto& recording = static_cast<RecordingWorkload&>(static_cast<CountingWorkload&>(outermost).inner());
    return static_cast<ScenarioWorkload&>(recording.inner());
}

RequestLog& log_of(Workload& outermost) {
    return static_cast<RecordingWorkload&>(static_cast<CountingWorkload&>(outermost).inner()).log();
}

int run_rehearse(RehearseOptions flags) {
    const Url target = parse_url(flags.load.url);
    const Scenario scenario = load_scenario(flags.scenario.file);
    Plan plan = flags.load.plan(target);
    plan.duration = 3600 * kSecond;  // the rehearsal ends the run
    plan.warm_up = 0;                // every request counts: none may be lost
    plan.tags = static_cast<std::uint32_t>(scenario.step_names.size());
    plan.wanted.colour_header = flags.steps.colour_header;
    plan.wanted.colours = Colours({flags.steps.from, flags.steps.to});
    const Cast cast = flags.scenario.cast(scenario, target, plan.slots());
    flags.steps.target = target;
    flags.steps.pause = parse_duration(flags.pause);
    LiveCounts counts;
    Engine engine(plan, [&](unsigned thread) {
        auto users = std::make_unique<ScenarioWorkload>(cast, thread, std::min(plan.threads, plan.connections));
        return std::make_unique<CountingWorkload>(std::make_unique<RecordingWorkload>(std::move(users), 1 << 20),
                                                  counts);
    });
    AdminClient admin(parse_clear_url(flags.admin), flags.token.read());
    Rehearsal rehearsal(flags.steps, admin, counts);
    std::thread performing([&] {
        rehearsal.perform();
        engine.stop();
    });
    const auto [tally, was_interrupted] = run_watched(engine, true, [&] {
        if (interrupted()) rehearsal.cancel();
    });
    rehearsal.cancel();
    performing.join();

    RequestLog log;
    std::vector<std::string> acknowledged;
    std::map<std::string, std::uint64_t> reasons;
    for (unsigned i = 0; i < engine.thread_count(); ++i) {
        const RequestLog& part = log_of(engine.workload(i));
        log.insert(log.end(), part.begin(), part.end());
        const ScenarioWorkload& users = scenario_of(engine.workload(i));
        acknowledged.insert(acknowledged.end(), users.acknowledged().begin(), users.acknowledged().end());
        for (const auto& [reason, count] : users.reasons()) reasons[reason] += count;
    }
    if (!flags.ledger.empty()) {
        std::ofstream out(flags.ledger);
        for (const std::string& id : acknowledged) out << id << '\n';
        if (!out.flush()) throw std::runtime_error(flags.ledger + ": the acknowledged ids could not be written");
    }
    const RehearsalVerdict verdict =
        judge_rehearsal(rehearsal, flags.steps, log, plan.wanted.colours, tally, acknowledged.size());
    for (const auto& [reason, count] : reasons) fmt::print("          {} x {}\n", count, reason);
    if (!flags.result.empty()) {
        nlohmann::json out = to_json(verdict);
        out["load"] = to_json(tally, scenario.step_names);
        std::ofstream file(flags.result);
        file << out.dump(1) << '\n';
        if (!file.flush()) throw std::runtime_error(flags.result + ": the result could not be written");
    } else {
        fmt::print("\n{}\n{}", to_text(tally, scenario.step_names), to_text(verdict));
    }
    return verdict.held() ? 0 : 1;
}

}  // namespace

void add_rehearse(CLI::App& program, int& exit_code) {
    auto flags = std::make_shared<RehearseOptions>();
    CLI::App* verb = program.add_subcommand(
        "rehearse", "canary, split, switch, kill, undo on a running Switchyard under mixed load, with a verdict");
    flags->load.add_to(*verb);
    flags->scenario.add_to(*verb);
    verb->add_option("--admin", flags->admin, "Switchyard's admin API, http://127.0.0.1:9900")->required();
    verb->add_option("--route", flags->steps.route, "the route to switch")->required();
    flags->token.add_to(*verb);
    verb->add_option("--from", flags->steps.from)->capture_default_str();
    verb->add_option("--to", flags->steps.to)->capture_default_str();
    verb->add_option("--colour-header", flags->steps.colour_header)->capture_default_str();
    verb->add_option("--canary", flags->steps.canary_header, "header that a rule of the route sends to --to")
        ->capture_default_str();
    verb->add_option("--split", flags->steps.split_percent, "percent of the split step")->capture_default_str();
    verb->add_option("--kill-pid", flags->steps.kill_pid, "process to kill -9 after the switch");
    verb->add_option("--kill-name", flags->steps.kill_name, "how the story calls it");
    verb->add_option("--pause", flags->pause, "load before and after every step")->capture_default_str();
    verb->add_option("--ledger", flags->ledger, "file for the ids of everything acknowledged");
    verb->add_option("--result", flags->result, "file for the verdict as JSON; then no table is printed");
    verb->callback([flags, &exit_code] { exit_code = run_rehearse(*flags); });
}

}  // namespace yardbench
