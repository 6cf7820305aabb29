// switchyard import-nginx NGINX.CONF: an nginx configuration as ours, and everything that could not be carried over.
#include <fmt/format.h>

#include "config/nginx_import/import.h"
#include "config/render.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

const char* word(config::Note::Kind kind) {
    switch (kind) {
        case config::Note::Kind::lost:
            return "lost";
        case config::Note::Kind::changed:
            return "changed";
        case config::Note::Kind::unneeded:
            return "unneeded";
    }
    return "lost";
}

int import(const std::string& path, bool json) {
    const auto result = config::import_nginx(path);
    if (result.fault) {
        fmt::print(stderr, "switchyard: {}:{}: {}: {}\n", result.fault->file, result.fault->line, result.fault->what,
                   result.fault->advice);
        return kRefused;
    }
    if (json) {
        Json notes = Json::array();
        for (const auto& n : result.notes)
            notes.push_back(
                {{"kind", word(n.kind)}, {"file", n.file}, {"line", n.line}, {"what", n.what}, {"advice", n.advice}});
        fmt::print("{}\n", Json{{"config", config::render(result.model)}, {"notes", std::move(notes)}}.dump(2));
        return kDone;
    }
    // The configuration goes to standard output so that it can be redirected; the notes are for the reader.
    fmt::print("{}", config::render_text(result.model));
    for (const auto& n : result.notes)
        fmt::print(stderr, "{}:{}: {}: {} – {}\n", n.file, n.line, word(n.kind), n.what, n.advice);
    return kDone;
}

}  // namespace

void add_import_nginx(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("import-nginx",
                                    "Print an nginx configuration as ours, and what was not carried "
                                    "over (on standard error, with file and line)");
    verb->footer("\nExample:\n  switchyard import-nginx /etc/nginx/nginx.conf > switchyard.json");
    auto path = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    verb->add_option("NGINX.CONF", *path, "the main nginx file; its includes are followed")->required();
    verb->add_flag("--json", *json, "configuration and notes as one JSON document");
    verb->callback([&action, path, json] { action = [path, json] { return import(*path, *json); }; });
}

}  // namespace switchyard::control::cli
