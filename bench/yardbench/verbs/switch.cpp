// yardbench switch: load, and switches made under it; was any request lost or served by the old colour?
#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "bench/yardbench/engine/engine.h"
#include "bench/yardbench/engine/plain_workload.h"
#include "bench/yardbench/report/duration.h"
#include "bench/yardbench/report/figures.h"
#include "bench/yardbench/report/validity.h"
#include "bench/yardbench/switching/switch_drive.h"
#include "bench/yardbench/switching/switch_figures.h"
#include "bench/yardbench/verbs/load_flags.h"
#include "bench/yardbench/verbs/token.h"
#include "bench/yardbench/verbs/verbs.h"
#include "bench/yardbench/verbs/watched_run.h"

namespace yardbench {
namespace {

struct SwitchOptions {
    LoadFlags load;
    std::vector<std::string> headers;
    std::string admin;
    std::string route;
    TokenFlags token;
    std::string command;
    std::string haproxy_socket;
    std::string haproxy_line;
    std::vector<std::string> colours = {"green", "blue"};
    std::string colour_header = "X-Forum-Colour";
    unsigned times = 10;
    std::string every = "1s";
    std::string settle = "1s";
};

std::unique_ptr<Switcher> make_switcher(const SwitchOptions& flags) {
    const int ways = !flags.admin.empty() + !flags.command.empty() + !flags.haproxy_socket.empty();
    if (ways != 1) throw std::invalid_argument("say how to switch: one of --admin, --command, --haproxy-socket");
    if (!flags.command.empty()) return command_switcher(flags.command);
    if (!flags.haproxy_socket.empty()) {
        if (flags.haproxy_line.empty()) throw std::invalid_argument("--haproxy-socket needs --haproxy-line");
        return socket_switcher(flags.haproxy_socket, flags.haproxy_line);
    }
    if (flags.route.empty()) throw std::invalid_argument("--admin needs --route");
    return admin_switcher(parse_clear_url(flags.admin), flags.route, flags.token.read());
}

int run_switch(const SwitchOptions& flags) {
    const Url target = parse_url(flags.load.url);
    Plan plan = flags.load.plan(target);
    SwitchDrive::Timetable timetable{flags.colours, flags.times, plan.warm_up, parse_duration(flags.every),
                                     parse_duration(flags.settle)};
    // The drive ends the run; the duration is only what it must not exceed.
    plan.duration = timetable.times * (timetable.every + 10 * kSecond) + timetable.settle + kSecond;
    plan.wanted.colour_header = flags.colour_header;
    plan.wanted.colours = Colours(flags.colours);
    const std::string request = request_text("GET", target, flags.headers, "", flags.load.close_each);
    const double seconds =
        static_cast<double>(timetable.times * timetable.every + timetable.settle + plan.warm_up) / 1e9;
    const auto reserve = static_cast<std::size_t>(std::max(flags.load.rate, 50'000.0) * seconds * 1.2 / plan.threads);
    Engine engine(plan, [&](unsigned) {
        return std::make_unique<RecordingWorkload>(std::make_unique<PlainWorkload>(request), reserve);
    });
    SwitchDrive drive(make_switcher(flags), timetable);
    drive.start([&] { engine.stop(); });
    const auto [tally, was_interrupted] = run_watched(engine, flags.load.quiet || flags.load.json, [&] {
        if (interrupted()) drive.cancel();
    });
    drive.cancel();
    RequestLog log;
    for (unsigned i = 0; i < engine.thread_count(); ++i) {
        const RequestLog& part = static_cast<RecordingWorkload&>(engine.workload(i)).log();
        log.insert(log.end(), part.begin(), part.end());
    }
    const std::vector<SwitchAnswer>& answers = drive.answers();
    const SwitchVerdict verdict = judge_switches(log, answers, plan.wanted.colours);
    const Validity valid = validity(tally, plan.timetable.open());
    if (flags.load.json) {
        nlohmann::json out = to_json(verdict);
        out["load"] = to_json(tally, {});
        out["timeline"] = to_json(timeline(log, answers, plan.wanted.colours));
        out["valid"] = valid.valid;
        out["invalid_because"] = valid.reasons;
        out["interrupted"] = was_interrupted;
        std::cout << out.dump(2) << '\n';
    } else {
        fmt::print("{}\n{}", to_text(tally, {}), to_text(verdict));
        for (const std::string& reason : valid.reasons) fmt::print("NOTE      {}\n", reason);
    }
    return verdict.clean() && verdict.judged > 0 && answers.size() == flags.times ? 0 : 1;
}

}  // namespace

void add_switch(CLI::App& program, int& exit_code) {
    auto flags = std::make_shared<SwitchOptions>();
    CLI::App* verb = program.add_subcommand("switch",
                                            "load, and switches made under it: exit 1 when a request failed "
                                            "or was served by the old colour after the answer");
    flags->load.add_to(*verb);
    verb->add_option("-H,--header", flags->headers, "\"Name: value\", may be repeated");
    verb->add_option("--admin", flags->admin, "Switchyard's admin API, http://127.0.0.1:9900");
    verb->add_option("--route", flags->route, "the route to switch");
    flags->token.add_to(*verb);
    verb->add_option("--command", flags->command, "instead: a shell command that switches to {to}");
    verb->add_option("--haproxy-socket", flags->haproxy_socket, "instead: HAProxy's runtime socket …");
    verb->add_option("--haproxy-line", flags->haproxy_line, "… and the line for it that switches to {to}");
    verb->add_option("--colours", flags->colours, "switched to in turn")->delimiter(',')->capture_default_str();
    verb->add_option("--colour-header", flags->colour_header, "response header that names the colour")
        ->capture_default_str();
    verb->add_option("--times", flags->times, "how many switches")->capture_default_str();
    verb->add_option("--every", flags->every, "from one switch to the next")->capture_default_str();
    verb->add_option("--settle", flags->settle, "load after the last answer")->capture_default_str();
    verb->footer(
        "example: yardbench switch http://127.0.0.1:8080/ --rate 20000 --connections 64 --times 1000 --every 50ms \\\n"
        "           --admin http://127.0.0.1:9900 --route forum --token-file state/admin.token");
    verb->callback([flags, &exit_code] { exit_code = run_switch(*flags); });
}

}  // namespace yardbench
