// switchyard confirm G: keep a change that would undo itself.
#include <fmt/format.h>

#include "control/cli/duration_option.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_confirm(CLI::App& app, Options& options, Action& action) {
    auto* verb =
        add_verb(app, options, "confirm", "Keep a change that was made with --confirm-within", "switchyard confirm 43");
    auto generation = std::make_shared<std::string>();
    verb->add_option("GENERATION", *generation, "the change to keep, as its receipt numbered it")->required();
    auto within = std::make_shared<std::string>();
    verb->add_option("--within", *within, "do not confirm it yet, but wait so much longer (30s)")
        ->check(duration_option());
    verb->callback([&, generation, within] {
        action = [&, generation, within] {
            const auto answer = send_change(options, "POST", "/v1/changes/" + path_segment(*generation) + "/confirm",
                                            within->empty() ? Json() : Json{{"within", *within}});
            if (!answer.done()) return print_problem(options, answer);
            if (options.json)
                fmt::print("{}\n", json_text(answer.json));
            else if (answer.json.value("confirmed", false))
                fmt::print("generation {} stays\n", *generation);
            else
                fmt::print("generation {} waits until {}\n", *generation, text_of(answer.json["confirm_by"]));
            return kDone;
        };
    });
}

}  // namespace switchyard::control::cli
