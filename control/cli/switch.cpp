// switchyard switch ROUTE UPSTREAM: all traffic of the route's split to one upstream.
#include "control/cli/drain_options.h"
#include "control/cli/drain_wait.h"
#include "control/cli/duration_option.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct SwitchArguments {
    std::string route, upstream, wait_drained, confirm_within, watch;
    DrainOptions drain;
    unsigned healthy = 1;
};

int run(const Options& options, const SwitchArguments& a) {
    Json body = {{"to", a.upstream}, {"require", {{"healthy", a.healthy}}}};
    if (!a.confirm_within.empty()) body["confirm_within"] = a.confirm_within;
    if (!a.watch.empty()) body["watch"] = a.watch;
    a.drain.into(body);
    const auto answer = send_change(options, "POST", "/v1/routes/" + path_segment(a.route) + "/switch", body);
    return print_drained(options, answer, a.wait_drained);
}

}  // namespace

void add_switch(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "switch", "Move all traffic of a route's split to one upstream",
                          "switchyard switch forum green --wait-drained 30s --reason 'release 42'");
    add_change_options(*verb, options);
    auto a = std::make_shared<SwitchArguments>();
    verb->add_option("ROUTE", a->route, "the route's name")->required();
    verb->add_option("UPSTREAM", a->upstream, "where all of its split goes; @candidate: the one of two that gets less")
        ->required();
    verb->add_option("--require-healthy", a->healthy, "refuse with fewer healthy endpoints")->capture_default_str();
    verb->add_option("--wait-drained", a->wait_drained,
                     "then wait until the old upstream has finished, at most so "
                     "long (30s); the exit code is 3 when it has not")
        ->check(duration_option());
    verb->add_option("--confirm-within", a->confirm_within, "undo it by itself unless confirmed in time (60s)")
        ->check(duration_option());
    verb->add_option("--watch", a->watch, "for so long, undo it by itself when failures beat the old upstream's (5m)")
        ->check(duration_option());
    a->drain.add_to(*verb);
    verb->callback([&, a] { action = [&, a] { return run(options, *a); }; });
}

}  // namespace switchyard::control::cli
