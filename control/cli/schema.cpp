// switchyard schema: the JSON Schema of the configuration.
#include "config/fields/schema.h"

#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_schema(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("schema", "Print the JSON Schema of the configuration");
    verb->footer("\nExample:\n  switchyard schema > switchyard.schema.json");
    verb->callback([&action] {
        action = [] {
            fmt::print("{}\n", config::schema().dump(2));
            return kDone;
        };
    });
}

}  // namespace switchyard::control::cli
