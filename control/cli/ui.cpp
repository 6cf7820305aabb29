// switchyard ui: a link that logs a browser in, once.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

int make_link(const Options& options) {
    const AdminClient client(options.client);
    const auto answer = client.call("POST", "/v1/session/code", "{}");
    if (!answer.done()) return print_problem(options, answer);
    // Behind the # it is the browser's alone: no server sees it, no proxy, no log.
    const auto link = client.url() + "/ui/#code=" + answer.json.value("code", "");
    if (options.json)
        fmt::print("{}\n", Json{{"link", link},
                                {"name", answer.json.value("name", "")},
                                {"role", answer.json.value("role", "")},
                                {"expires_at", answer.json.value("expires_at", "")}}
                               .dump(2));
    else
        fmt::print("{}\nlogs one browser in as {} ({}), within a minute\n", link, text_of(answer.json["name"]),
                   text_of(answer.json["role"]));
    return kDone;
}

}  // namespace

void add_ui(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "ui", "Print a link to the dashboard that logs a browser in, once",
                          "switchyard ui\n  xdg-open \"$(switchyard ui | head -1)\"");
    verb->callback([&] { action = [&] { return make_link(options); }; });
}

}  // namespace switchyard::control::cli
