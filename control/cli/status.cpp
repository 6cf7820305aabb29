// switchyard status: what is in force and how it is doing.
#include <fmt/format.h>

#include <memory>

#include "control/cli/status_view.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_status(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "status", "Show the generation, routes with their splits, and upstreams",
                          "switchyard status");
    auto readiness = std::make_shared<bool>(false);
    verb->add_flag("--ready", *readiness,
                   "only whether traffic may be sent here, for probes: exits with 0 when so, without a token");
    verb->callback([&options, &action, readiness] {
        action = [&options, readiness] {
            if (*readiness)
                return show(options, "/readyz",
                            [](const Json& answer) { fmt::print("{}\n", text_of(answer["status"])); });
            return show(options, "/v1/status", [](const Json& status) {
                for (const auto& line : status_lines(status)) fmt::print("{}\n", line);
            });
        };
    });
}

}  // namespace switchyard::control::cli
