// switchyard undo [--to G]: back to an earlier generation.
#include <optional>

#include "control/cli/drain_options.h"
#include "control/cli/duration_option.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_undo(CLI::App& app, Options& options, Action& action) {
    auto* verb =
        add_verb(app, options, "undo", "Return to an earlier generation, as a new one", "switchyard undo --to 41");
    add_change_options(*verb, options);
    auto to = std::make_shared<std::optional<std::uint64_t>>();
    auto confirm_within = std::make_shared<std::string>();
    auto drain = std::make_shared<DrainOptions>();
    verb->add_option("--to", *to, "the generation to return to; the one before the last change when left out");
    verb->add_option("--confirm-within", *confirm_within, "undo the undo by itself unless confirmed in time (60s)")
        ->check(duration_option());
    drain->add_to(*verb);
    verb->callback([&, to, confirm_within, drain] {
        action = [&, to, confirm_within, drain] {
            Json body = Json::object();
            if (*to) body["to"] = **to;
            if (!confirm_within->empty()) body["confirm_within"] = *confirm_within;
            drain->into(body);
            return change(options, "POST", "/v1/undo", body);
        };
    });
}

}  // namespace switchyard::control::cli
