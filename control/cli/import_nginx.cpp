// switchyard import-nginx NGINX.CONF: an nginx configuration as ours, and everything that could not be carried over.
#include <fmt/format.h>

#include <algorithm>

#include "config/fields/render.h"
#include "config/nginx_import/import.h"
#include "config/nginx_import/summary.h"
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

const char* word(config::ImportSummary::Verdict verdict) {
    switch (verdict) {
        case config::ImportSummary::Verdict::usable:
            return "usable";
        case config::ImportSummary::Verdict::behind:
            return "behind";
        case config::ImportSummary::Verdict::not_yet:
            return "not";
    }
    return "not";
}

Json json_of(const config::ImportSummary& summary) {
    Json themes = Json::array();
    for (const auto& t : summary.themes)
        themes.push_back({{"theme", t.name}, {"lost", t.lost}, {"changed", t.changed}, {"advice", t.advice}});
    return {{"usable", word(summary.verdict)}, {"reason", summary.reason}, {"themes", std::move(themes)}};
}

void print(const config::ImportSummary& summary) {
    if (!summary.themes.empty()) fmt::print(stderr, "\n");
    for (const auto& t : summary.themes)
        fmt::print(stderr, "{:<22} {:>3} lost {:>3} changed   {}\n", t.name, t.lost, t.changed, t.advice);
    fmt::print(stderr, "{}\n", config::words_of(summary));
}

struct ImportArguments {
    std::string path;
    bool json = false, strict = false;
};

int import(const ImportArguments& arguments) {
    const auto& [path, json, strict] = arguments;
    const auto result = config::import_nginx(path);
    if (result.fault) {
        // A fault of the whole file has no line.
        const auto line = result.fault->line == 0 ? "" : fmt::format(":{}", result.fault->line);
        fmt::print(stderr, "switchyard: {}{}: {}: {}\n", result.fault->file, line, result.fault->what,
                   result.fault->advice);
        return kRefused;
    }
    const auto summary = config::summarize(result);
    const bool lost =
        std::ranges::any_of(result.notes, [](const auto& n) { return n.kind == config::Note::Kind::lost; });
    const int code = strict && lost ? kRefused : kDone;
    if (json) {
        Json notes = Json::array();
        for (const auto& n : result.notes)
            notes.push_back(
                {{"kind", word(n.kind)}, {"file", n.file}, {"line", n.line}, {"what", n.what}, {"advice", n.advice}});
        fmt::print(
            "{}\n",
            Json{{"config", config::render(result.model)}, {"notes", std::move(notes)}, {"summary", json_of(summary)}}
                .dump(2));
        return code;
    }
    // The configuration goes to standard output so that it can be redirected; the notes are for the reader.
    fmt::print("{}", config::render_text(result.model));
    for (const auto& n : result.notes)
        fmt::print(stderr, "{}:{}: {}: {} – {}\n", n.file, n.line, word(n.kind), n.what, n.advice);
    print(summary);
    return code;
}

}  // namespace

void add_import_nginx(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("import-nginx",
                                    "Print an nginx configuration as ours, and what was not carried "
                                    "over (on standard error, with file and line)");
    verb->footer("\nExample:\n  switchyard import-nginx /etc/nginx/nginx.conf > switchyard.json");
    auto a = std::make_shared<ImportArguments>();
    verb->add_option("NGINX.CONF", a->path, "the main nginx file; its includes are followed")->required();
    verb->add_flag("--json", a->json, "configuration, notes and summary as one JSON document");
    verb->add_flag("--strict", a->strict, "exit 1 when anything was lost; the configuration is printed all the same");
    verb->callback([&action, a] { action = [a] { return import(*a); }; });
}

}  // namespace switchyard::control::cli
