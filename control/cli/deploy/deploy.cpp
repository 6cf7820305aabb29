// switchyard deploy ROUTE --to UPSTREAM …: a release as one command.
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <random>

#include "control/base/file_bytes.h"
#include "control/cli/deploy/runner.h"
#include "control/cli/deploy/smoke_call.h"
#include "control/cli/duration_option.h"
#include "control/cli/url_scheme.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

// Who gives no id cannot go on with it by one; it is told at the begin, and is a name like any other.
std::string fresh_id(const std::string& route) {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return fmt::format("{}-{}-{:04x}", route.substr(0, 60), text, std::random_device{}() & 0xFFFF);
}

CLI::Validator smoke_option() {
    return {[](std::string& text) -> std::string {
                std::string why;
                deploy::SmokeCall::parse(text, why);
                return why;
            },
            "CALL"};
}

int run_deploy(const Options& options, deploy::WantedRelease wanted) {
    if (!wanted.plan_file.empty()) {
        const auto text = file_bytes(wanted.plan_file);
        if (!text) {
            fmt::print(stderr, "switchyard: {}\n", text.error().detail);
            return kRefused;
        }
        // With comments, as configurations and plans have them.
        wanted.plan = Json::parse(*text, nullptr, false, true);
        if (!wanted.plan.is_object()) {
            fmt::print(stderr, "switchyard: {} is not a plan: it must be a JSON object; nothing was done\n",
                       wanted.plan_file);
            return kRefused;
        }
    }
    if (wanted.id.empty()) wanted.id = fresh_id(wanted.route);
    return deploy::Runner(options, std::move(wanted)).run();
}

}  // namespace

void add_deploy(CLI::App& app, Options& options, Action& action) {
    auto* verb =
        add_verb(app, options, "deploy",
                 "Release: start, wait for health, smoke test, move the traffic, drain, stop; or take all of it back",
                 "switchyard deploy forum --to green --start 'systemctl start app@green' --smoke 'GET /readyz' \\\n"
                 "    --watch 5m --stop 'systemctl stop app@blue' --release-id \"$BUILD\"");
    auto w = std::make_shared<deploy::WantedRelease>();
    verb->add_option("ROUTE", w->route, "the route's name")->required();
    verb->add_option("--to", w->to, "the upstream that is to serve it; @candidate: the one of its two with no traffic")
        ->required();
    verb->add_option("--endpoint", w->endpoints, "an address of that upstream; all of them, when any is named")
        ->allow_extra_args(false);
    verb->add_option("--start", w->start, "a command that starts the new release; may run twice");
    verb->add_option("--wait-healthy", w->wait_healthy, "so long all its endpoints may take to get healthy")
        ->check(duration_option())
        ->capture_default_str();
    verb->add_option("--smoke", w->smoke, "a call to each of its endpoints: 'GET /readyz', 'GET / -H Name:Value =200'")
        ->check(smoke_option())
        ->allow_extra_args(false);
    verb->add_option("--smoke-through", w->smoke_through, "a call through the route, by a rule that leads to it")
        ->check(smoke_option())
        ->allow_extra_args(false);
    verb->add_option("--through", w->through, "where those calls go, as a URL; else the first listener")
        ->check(http_url_option());
    auto* plan = verb->add_option("--plan", w->plan_file,
                                  "move the traffic by this rollout plan (route, from and to may be left out)");
    auto* at_once = verb->add_flag("--at-once", w->at_once, "move all traffic at once (so it is without --plan)");
    auto* watch = verb->add_option("--watch", w->watch,
                                   "for so long after that, go back when failures beat the old upstream's (5m)")
                      ->check(duration_option());
    plan->excludes(at_once)->excludes(watch);
    verb->add_option("--wait-drained", w->wait_drained, "so long the old upstream may take to finish what it has")
        ->check(duration_option())
        ->capture_default_str();
    verb->add_option("--stop", w->stop, "a command that stops the old release; only when nothing is in flight there");
    verb->add_option("--release-id", w->id, "the same again goes on where it stopped, whatever killed it");
    verb->add_flag("--dry-run", options.dry_run, "say what would be refused, do nothing");
    verb->add_option("--reason", options.reason, "why, for the audit");
    verb->callback([&, w] { action = [&, w] { return run_deploy(options, *w); }; });
}

}  // namespace switchyard::control::cli
