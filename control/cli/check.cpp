// switchyard check FILE: is this configuration right? All errors at once.
#include <fmt/format.h>

#include "config/count.h"
#include "config/parse.h"
#include "control/base/file_bytes.h"
#include "control/cli/check_names.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

int check(const std::string& path, bool json, bool resolve) {
    const auto bytes = file_bytes(path);
    if (!bytes) {
        fmt::print(stderr, "switchyard: {}\n", bytes.error().detail);
        return kRefused;
    }
    const auto result = config::parse(std::string_view(*bytes));
    const auto warnings = resolve && result.model ? names_without_address(*result.model) : std::vector<config::Error>{};
    for (const auto& w : warnings)
        if (!json) fmt::print(stderr, "{}: warning: {}: {}\n", path, w.pointer, w.detail);
    if (json) {
        Json out = {{"valid", result.model.has_value()}, {"errors", Json::array()}};
        for (const auto& e : result.errors) out["errors"].push_back({{"pointer", e.pointer}, {"detail", e.detail}});
        for (const auto& w : warnings) out["warnings"].push_back({{"pointer", w.pointer}, {"detail", w.detail}});
        fmt::print("{}\n", out.dump(2));
    } else if (result.model) {
        fmt::print("{}: right ({}, {})\n", path, config::count_of(result.model->routes.size(), "route"),
                   config::count_of(result.model->upstreams.size(), "upstream"));
    } else {
        for (const auto& e : result.errors) fmt::print(stderr, "{}: {}: {}\n", path, e.pointer, e.detail);
    }
    return result.model ? kDone : kRefused;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("check", "Check a configuration file; says everything that is wrong with it");
    verb->footer("\nExample:\n  switchyard check /etc/switchyard.json --resolve");
    auto path = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    verb->add_option("FILE", *path, "the configuration file")->required();
    verb->add_flag("--json", *json, "answer as JSON, for machines");
    auto resolve = std::make_shared<bool>(false);
    verb->add_flag("--resolve", *resolve, "look its names up, too, and warn of those that have no address now");
    verb->callback(
        [&action, path, json, resolve] { action = [path, json, resolve] { return check(*path, *json, *resolve); }; });
}

}  // namespace switchyard::control::cli
