// switchyard token NAME ROLE: a new random token, and the line for the configuration that lets it in.
#include <fmt/format.h>

#include "control/base/digest.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

constexpr unsigned kTokenBytes = 32;

int make(const std::string& name, const std::string& role, bool json) {
    const auto token = random_hex(kTokenBytes);
    const Json line = {{"name", name}, {"role", role}, {"sha256", sha256_hex(token)}};
    if (json) {
        fmt::print("{}\n", Json{{"token", token}, {"configuration", line}}.dump(2));
        return kDone;
    }
    fmt::print("token (shown once, keep it): {}\n", token);
    fmt::print("for process.admin.tokens:    {}\n", line.dump());
    return kDone;
}

}  // namespace

void add_token(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("token", "Make a random token and its line for the configuration");
    verb->footer("\nExample:\n  switchyard token ci operator");
    auto name = std::make_shared<std::string>();
    auto role = std::make_shared<std::string>("operator");
    auto json = std::make_shared<bool>(false);
    verb->add_option("NAME", *name, "as the audit will show it")->required();
    verb->add_option("ROLE", *role, "viewer reads, operator moves traffic, admin does everything")
        ->check(CLI::IsMember({"viewer", "operator", "admin"}))
        ->capture_default_str();
    verb->add_flag("--json", *json, "answer as JSON, for machines");
    verb->callback([&action, name, role, json] { action = [name, role, json] { return make(*name, *role, *json); }; });
}

}  // namespace switchyard::control::cli
