// yardbench load: one request over and over, closed loop or at a rate.
#include <fmt/format.h>

#include <iostream>

#include "bench/yardbench/engine/engine.h"
#include "bench/yardbench/engine/plain_workload.h"
#include "bench/yardbench/report/figures.h"
#include "bench/yardbench/report/slo.h"
#include "bench/yardbench/report/validity.h"
#include "bench/yardbench/verbs/load_flags.h"
#include "bench/yardbench/verbs/verbs.h"
#include "bench/yardbench/verbs/watched_run.h"

namespace yardbench {
namespace {

struct LoadOptions {
    LoadFlags load;
    std::string method = "GET";
    std::vector<std::string> headers;
    std::string body;
    std::string expect;
};

int run_load(const LoadOptions& flags) {
    const Url target = parse_url(flags.load.url);
    const Slo slo(flags.expect);
    const Plan plan = flags.load.plan(target);
    const bool grpc = flags.load.grpc;
    const std::string request =
        grpc ? call_text(target, flags.headers, flags.body)
             : request_text(flags.method, target, flags.headers, flags.body, flags.load.close_each);
    Engine engine(plan,
                  [&](unsigned) { return std::make_unique<PlainWorkload>(request, flags.method == "HEAD", grpc); });
    const auto [tally, was_interrupted] = run_watched(engine, flags.load.quiet || flags.load.json);
    const Validity valid = validity(tally, plan.timetable.open());
    // A generator that lags only makes things look worse: what held in spite of it has held.
    bool held = true;
    if (flags.load.json) {
        nlohmann::json out = to_json(tally, {});
        out["url"] = flags.load.url;
        out["connections"] = plan.connections;
        out["offered_rate"] = plan.timetable.last;
        out["interrupted"] = was_interrupted;
        out["valid"] = valid.valid;
        out["invalid_because"] = valid.reasons;
        out["generator"]["busy"] = valid.busy;
        for (const Slo::Line& line : slo.judge(tally)) {
            out["expectations"].push_back({{"what", line.what}, {"held", line.held}});
            held = held && line.held;
        }
        std::cout << out.dump(2) << '\n';
    } else {
        fmt::print("{}", to_text(tally, {}));
        fmt::print("whole run {} sent, {} answered (warm-up included)\n", tally.all.sent, tally.all.answered);
        if (was_interrupted) fmt::print("interrupted: this is what there was until then\n");
        for (const std::string& reason : valid.reasons) fmt::print("INVALID   {}\n", reason);
        for (const Slo::Line& line : slo.judge(tally)) {
            fmt::print("{}  {}\n", line.held ? "held    " : "BROKEN  ", line.what);
            held = held && line.held;
        }
    }
    return held ? 0 : 1;
}

}  // namespace

void add_load(CLI::App& program, int& exit_code) {
    auto flags = std::make_shared<LoadOptions>();
    CLI::App* verb = program.add_subcommand("load", "one request over and over, closed loop or at a rate");
    flags->load.add_to(*verb);
    flags->load.add_grpc_to(*verb);
    verb->add_option("-X,--method", flags->method)->capture_default_str();
    verb->add_option("-H,--header", flags->headers, "\"Name: value\", may be repeated");
    verb->add_option("--body", flags->body, "request body");
    verb->add_option("--expect", flags->expect, "p99=20ms,errors=0.1%,rate=5000: exit 1 unless all of it holds");
    verb->footer(
        "example: yardbench load http://127.0.0.1:8080/ --rate 5000 --duration 10s --expect p99=20ms,errors=0%");
    verb->callback([flags, &exit_code] { exit_code = run_load(*flags); });
}

}  // namespace yardbench
