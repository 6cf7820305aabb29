// switchyard config [--file]: the configuration in force, as JSON or as a file.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

// What the API hides stands there as "…", which a file may hold as well: the secret that is in force.
void print_file(const Json& config, const std::string& generation) {
    fmt::print(
        "// What was in force as generation {}. A secret that stands here as \"…\" is the one in force for that "
        "route.\n{}\n",
        generation, config.dump(2));
}

}  // namespace

void add_config(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "config", "Show the configuration in force",
                          "switchyard config --file > /etc/switchyard.json && switchyard apply /etc/switchyard.json");
    auto file = std::make_shared<bool>(false);
    verb->add_flag("--file", *file, "as a configuration file: reading it back changes nothing");
    verb->callback([&, file] {
        action = [&, file] {
            return show(options, "/v1/config", [&](const Json& config) {
                if (!*file) return fmt::print("{}\n", config.dump(2));
                const auto status = AdminClient(options.client).call("GET", "/v1/status");
                print_file(config, status.done() ? text_of(status.json["generation"]) : "?");
            });
        };
    });
}

}  // namespace switchyard::control::cli
