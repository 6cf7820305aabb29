// switchyard releases [ROUTE] · switchyard release status|undo ID
#include <fmt/format.h>

#include "control/cli/drain_options.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

void print_release(const Json& r) {
    fmt::print("release {}  {}  route {}: {} → {}  by {}  {}{}\n", r.value("id", ""), r.value("outcome", ""),
               r.value("route", ""), r.value("from", ""), r.value("to", ""), r.value("who", ""),
               r.value("started_at", ""), r.contains("ended_at") ? " to " + r.value("ended_at", "") : "");
    if (r.contains("reason")) fmt::print("  {}\n", r.value("reason", ""));
    std::string links;
    for (const auto& g : r.value("generations", Json::array())) links += " generation " + text_of(g);
    for (const auto& id : r.value("rollouts", Json::array())) links += " rollout " + text_of(id);
    if (!links.empty()) fmt::print(" {}\n", links);
    for (const auto& step : r.value("steps", Json::array()))
        fmt::print("  {}  {:<14}{:<12}{}\n", step.value("at", ""), step.value("step", ""), step.value("what", ""),
                   step.value("detail", ""));
}

int run_release(const Options& options, const std::string& what, const std::string& id, const DrainOptions& drain) {
    const std::string path = "/v1/releases/" + path_segment(id);
    if (what == "status") return show(options, path, print_release);
    Json body = Json::object();
    drain.into(body);
    return change(options, "POST", path + "/undo", body);
}

}  // namespace

void add_releases(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "releases", "Show who released what, and what became of it; newest first",
                          "switchyard releases forum");
    auto route = std::make_shared<std::string>();
    verb->add_option("ROUTE", *route, "only those of this route");
    verb->callback([&, route] {
        action = [&, route] {
            const auto query = route->empty() ? "" : "?route=" + path_segment(*route);
            return show(options, "/v1/releases" + query, [](const Json& all) {
                if (all["releases"].empty()) fmt::print("no releases\n");
                for (const auto& one : all["releases"]) print_release(one);
            });
        };
    });
}

void add_release(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "release", "Look at one release, or take it back",
                          "switchyard release undo build-41 --reason 'the search is empty'");
    auto what = std::make_shared<std::string>(), id = std::make_shared<std::string>();
    auto drain = std::make_shared<DrainOptions>();
    verb->add_option("WHAT", *what, "what to do with it")->required()->check(CLI::IsMember({"status", "undo"}));
    verb->add_option("ID", *id, "the release, as switchyard releases names it")->required();
    add_change_options(*verb, options);
    drain->add_to(*verb);
    verb->callback(
        [&, what, id, drain] { action = [&, what, id, drain] { return run_release(options, *what, *id, *drain); }; });
}

}  // namespace switchyard::control::cli
