// switchyard check FILE | --state DIR: is this configuration right? All errors at once.
#include <fmt/format.h>

#include "config/check/warnings.h"
#include "config/parse.h"
#include "config/text/count.h"
#include "control/base/layered_file.h"
#include "control/cli/check_names.h"
#include "control/cli/check_state.h"
#include "control/cli/surroundings.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct CheckArguments {
    std::string path;
    std::vector<std::string> overlays;
    bool json = false, offline = false, resolve = false;
};

std::vector<config::Error> warnings_about(const config::Model& model, const CheckArguments& arguments) {
    auto out = config::warnings(model);
    if (!arguments.offline)
        for (auto& warning : look_around(model, !arguments.resolve)) out.push_back(std::move(warning));
    if (arguments.resolve)
        for (auto& warning : names_without_address(model)) out.push_back(std::move(warning));
    return out;
}

int check(const CheckArguments& arguments) {
    const auto path = name_of_layers(arguments.path, arguments.overlays);
    const auto file = read_layered_file(arguments.path, arguments.overlays);
    if (!file && file.error().errors.empty()) {
        fmt::print(stderr, "switchyard: {}\n", file.error().detail);
        return kRefused;
    }
    auto result = file ? config::parse(std::string_view(file->bytes)) : config::ParseResult{{}, file.error().errors};
    if (file) config::name_layers(file->layers, result.errors);
    const auto warnings = result.model ? warnings_about(*result.model, arguments) : std::vector<config::Error>{};
    if (arguments.json) {
        Json out = {{"valid", result.model.has_value()}, {"errors", Json::array()}, {"warnings", Json::array()}};
        for (const auto& e : result.errors) out["errors"].push_back({{"pointer", e.pointer}, {"detail", e.detail}});
        for (const auto& e : warnings) out["warnings"].push_back({{"pointer", e.pointer}, {"detail", e.detail}});
        fmt::print("{}\n", json_text(out));
        return result.model ? kDone : kRefused;
    }
    const auto tell = [&path](std::string_view kind, const config::Error& e) {
        fmt::print(stderr, "{}: {}{}{}\n", path, kind, e.pointer.empty() ? "" : e.pointer + ": ", safe_text(e.detail));
    };
    for (const auto& e : result.errors) tell("", e);
    for (const auto& e : warnings) tell("warning: ", e);
    if (!result.model) return kRefused;
    fmt::print("{}: right ({}, {}{})\n", path, config::count_of(result.model->routes.size(), "route"),
               config::count_of(result.model->upstreams.size(), "upstream"),
               warnings.empty() ? "" : ", " + config::count_of(warnings.size(), "warning"));
    if (result.model->listeners.empty())
        fmt::print(stderr, "{}: warning: it has no listener: nothing can be asked\n", path);
    return kDone;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("check", "Check a configuration file; says everything that is wrong with it");
    verb->footer("\nExample:\n  switchyard check /etc/switchyard.json\n\n" + std::string(kExitCodes) +
                 "; warnings do not change it");
    auto a = std::make_shared<CheckArguments>();
    auto state = std::make_shared<std::string>();
    verb->add_option("FILE", a->path, "the configuration file");
    add_overlays(*verb, a->overlays);
    verb->add_option("--state", *state, "a state directory: would this version take up what is in force there?");
    verb->add_flag("--json", a->json, "answer as JSON, for machines");
    verb->add_flag("--offline", a->offline,
                   "only the document: do not look whether files, folders, ports and names are there");
    verb->add_flag("--resolve", a->resolve, "look its names up as the running proxy would, however long that takes");
    verb->callback([&action, a, state] {
        if (a->path.empty() == state->empty()) throw CLI::RequiredError("either FILE or --state DIR");
        action = [a, state] { return state->empty() ? check(*a) : check_state(*state, a->json); };
    });
}

}  // namespace switchyard::control::cli
