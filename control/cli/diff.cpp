// switchyard diff G [H]: what changes from one generation to another.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_diff(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "diff", "Show what changes from generation G to H (or to the one in force)",
                          "switchyard diff 41 43");
    auto from = std::make_shared<std::uint64_t>(0);
    auto to = std::make_shared<std::uint64_t>(0);
    auto patch = std::make_shared<bool>(false);
    verb->add_option("G", *from, "the generation to begin with")->required();
    verb->add_option("H", *to, "the generation to end with; the one in force when left out");
    verb->add_flag("--patch", *patch, "as JSON Patch (RFC 6902)");
    verb->callback([&, from, to, patch] {
        action = [&, from, to, patch]() -> int {
            if (*to == 0) {
                const auto status = AdminClient(options.client).call("GET", "/v1/status");
                if (!status.done()) return print_problem(options, status);
                *to = status.json["generation"].get<std::uint64_t>();
            }
            return show(options, fmt::format("/v1/generations/{}/diff/{}", *from, *to), [patch](const Json& diff) {
                if (*patch) {
                    fmt::print("{}\n", json_text(diff["patch"]));
                    return;
                }
                if (diff["changes"].empty()) fmt::print("no difference\n");
                for (const auto& line : diff["changes"]) fmt::print("{}\n", text_of(line));
            });
        };
    });
}

}  // namespace switchyard::control::cli
