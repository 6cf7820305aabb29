// switchyard status: what is in force and how it is doing.
#include <fmt/format.h>

#include "control/cli/status_view.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_status(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "status", "Show the generation, routes with their splits, and upstreams",
                          "switchyard status");
    verb->callback([&] {
        action = [&] {
            return show(options, "/v1/status", [](const Json& status) {
                for (const auto& line : status_lines(status)) fmt::print("{}\n", line);
            });
        };
    });
}

}  // namespace switchyard::control::cli
