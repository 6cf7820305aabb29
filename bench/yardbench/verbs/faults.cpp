// yardbench faults: load, and things that go wrong on a schedule; what the clients saw, phase by phase.
#include <fmt/format.h>

#include <charconv>
#include <iostream>

#include "bench/yardbench/engine/engine.h"
#include "bench/yardbench/engine/plain_workload.h"
#include "bench/yardbench/faults/phases.h"
#include "bench/yardbench/faults/schedule.h"
#include "bench/yardbench/report/figures.h"
#include "bench/yardbench/report/slo.h"
#include "bench/yardbench/verbs/load_flags.h"
#include "bench/yardbench/verbs/verbs.h"
#include "bench/yardbench/verbs/watched_run.h"

namespace yardbench {
namespace {

struct FaultsOptions {
    LoadFlags load;
    std::vector<std::string> headers;
    std::vector<std::string> gates;
    std::vector<std::string> faults;
    std::string expect;
};

// "app=9001:127.0.0.1:9101": name, port to listen on, where it leads.
Gates open_gates(const std::vector<std::string>& texts) {
    Gates gates;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('='), colon = text.find(':', equals);
        std::uint16_t port = 0;
        const char* const first = text.data() + std::min(equals, text.size() - 1) + 1;
        const char* const last = text.data() + std::min(colon, text.size());
        if (equals == std::string::npos || equals == 0 || colon == std::string::npos ||
            std::from_chars(first, last, port) != std::from_chars_result{last, std::errc()})
            throw std::invalid_argument("'" + text + "' is no gate; write name=PORT:127.0.0.1:9101");
        const std::string name = text.substr(0, equals);
        if (gates.contains(name)) throw std::invalid_argument("'" + text + "': there is a gate " + name + " already");
        gates[name] = std::make_unique<Gate>(port, text.substr(colon + 1));
    }
    return gates;
}

int run_faults(const FaultsOptions& flags) {
    const Url target = parse_url(flags.load.url);
    const Plan plan = flags.load.plan(target);
    const Slo slo(flags.expect);
    const std::vector<Fault> faults = parse_faults(flags.faults);
    const Gates gates = open_gates(flags.gates);
    for (const Fault& fault : faults)
        if (!fault.gate.empty() && !gates.contains(fault.gate))
            throw std::invalid_argument("'" + fault.text + "': there is no --gate " + fault.gate + "=…");
    for (const Fault& fault : faults)
        if (plan.requests == 0 && fault.at >= plan.duration)
            throw std::invalid_argument("'" + fault.text + "' would come after the end; give it less than --duration " +
                                        flags.load.duration);
    const std::string request = request_text("GET", target, flags.headers, "", flags.load.close_each);
    Engine engine(plan, [&](unsigned) {
        return std::make_unique<RecordingWorkload>(std::make_unique<PlainWorkload>(request), 1 << 20);
    });
    const Nanos begin = engine.started_at() + plan.warm_up;
    std::vector<std::pair<Nanos, std::string>> starts = {{begin, "none"}};
    std::size_t next = 0;
    std::string trouble;
    const auto [tally, was_interrupted] = run_watched(engine, flags.load.quiet || flags.load.json, [&] {
        for (; next < faults.size() && now() >= begin + faults[next].at; ++next) {
            if (const std::string why = apply(faults[next], gates); !why.empty()) trouble += why + "\n";
            starts.emplace_back(now(), faults[next].text);
        }
    });
    RequestLog log;
    for (unsigned i = 0; i < engine.thread_count(); ++i)
        for (const RequestRecord& record : static_cast<RecordingWorkload&>(engine.workload(i)).log())
            if (record.intended >= begin) log.push_back(record);
    const std::vector<Phase> seen = phases(log, starts);
    bool held = trouble.empty();
    nlohmann::json out{{"phases", to_json(seen)}, {"load", to_json(tally, {})}, {"interrupted", was_interrupted}};
    std::string lines;
    for (const Slo::Line& line : slo.judge(tally)) {
        lines += fmt::format("{}  {}\n", line.held ? "held    " : "BROKEN  ", line.what);
        out["expectations"].push_back({{"what", line.what}, {"held", line.held}});
        held = held && line.held;
    }
    if (flags.load.json)
        std::cout << out.dump(2) << '\n';
    else
        fmt::print("{}\n{}{}", to_text(tally, {}), to_text(seen), lines);
    if (!trouble.empty()) fmt::print(stderr, "{}", trouble);
    return held ? 0 : 1;
}

}  // namespace

void add_faults(CLI::App& program, int& exit_code) {
    auto flags = std::make_shared<FaultsOptions>();
    CLI::App* verb = program.add_subcommand("faults", "load, and things that go wrong on a schedule");
    flags->load.add_to(*verb);
    verb->add_option("-H,--header", flags->headers, "\"Name: value\", may be repeated");
    verb->add_option("--gate", flags->gates, "name=PORT:HOST:PORT: listen on the first, pass on to the second");
    verb->add_option(
        "--at", flags->faults,
        "\"2s GATE delay 200ms\" (pass, delay, trickle, freeze, swallow, refuse, cut) or \"2s pid 1234 kill\" "
        "(kill, freeze, resume); times count from the begin of the measured part");
    verb->add_option("--expect", flags->expect, "p99=50ms,errors=0.1%: exit 1 unless the whole run holds it");
    verb->footer(
        "example: yardbench faults http://127.0.0.1:8080/ --rate 500 --gate app=9001:127.0.0.1:9101 \\\n"
        "           --at '2s app freeze' --at '4s app pass' --at '6s app refuse' --at '8s app pass'");
    verb->callback([flags, &exit_code] { exit_code = run_faults(*flags); });
}

}  // namespace yardbench
