// switchyard confirm G: keep a change that would undo itself.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_confirm(CLI::App& app, Options& options, Action& action) {
    auto* verb =
        add_verb(app, options, "confirm", "Keep a change that was made with --confirm-within", "switchyard confirm 43");
    auto generation = std::make_shared<std::string>();
    verb->add_option("GENERATION", *generation, "the change to keep, as its receipt numbered it")->required();
    verb->callback([&, generation] {
        action = [&, generation] {
            const auto answer =
                send_change(options, "POST", "/v1/changes/" + path_segment(*generation) + "/confirm", {});
            if (!answer.done()) return print_problem(options, answer);
            fmt::print("{}\n", options.json ? json_text(answer.json) : "generation " + *generation + " stays");
            return kDone;
        };
    });
}

}  // namespace switchyard::control::cli
