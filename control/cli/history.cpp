// switchyard history: the generations, newest first.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_history(CLI::App& app, Options& options, Action& action) {
    auto* verb =
        add_verb(app, options, "history", "Show the generations, newest first", "switchyard history --limit 5");
    auto limit = std::make_shared<unsigned>(20);
    verb->add_option("--limit", *limit, "how many")->capture_default_str();
    verb->callback([&, limit] {
        action = [&, limit] {
            return show(options, fmt::format("/v1/generations?limit={}", *limit), [](const Json& all) {
                std::vector<std::vector<std::string>> rows{{"GENERATION", "AT", "WHO", "VERB", "CHANGES", "REASON"}};
                for (const auto& g : all["generations"]) {
                    const auto& changes = g["changes"];
                    std::string words = changes.empty() ? "" : text_of(changes[0]);
                    if (changes.size() > 1) words += fmt::format(" (and {} more)", changes.size() - 1);
                    rows.push_back({text_of(g["generation"]) + (g.value("in_force", false) ? " *" : ""),
                                    text_of(g["at"]).substr(0, 19), text_of(g["who"]), text_of(g["verb"]), words,
                                    text_of(g["reason"])});
                }
                print_table(rows);
            });
        };
    });
}

}  // namespace switchyard::control::cli
