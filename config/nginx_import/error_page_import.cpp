#include "config/nginx_import/error_page_import.h"

#include <fmt/format.h>

namespace switchyard::config::nginx {
namespace {

constexpr auto kOnlyFiles =
    "a page is carried over where its path has a location of its own (location = /50x.html) that reads a file with "
    "root or alias; see error_pages, and for what the application answers the application itself";

void apply_one(Route& route, const Settings& settings, const Directive& said, Notes& notes) {
    const std::string& to = said.args.back();
    for (const auto& word : said.args)
        if (word.starts_with('='))
            return notes.lost(said, "an error keeps its status: only its page can be another one");
    const auto found = settings.page_files.find(to);
    if (found == settings.page_files.end()) return notes.lost(said, kOnlyFiles);
    for (std::size_t i = 0; i + 1 < said.args.size(); ++i) {
        if (page_key(said.args[i]).value_or(0) >= 400)
            route.error_pages.emplace(said.args[i], found->second);  // of two for one status nginx takes the first
        else
            notes.lost(said, fmt::format("{} is no error of Switchyard's own", said.args[i]));
    }
}

}  // namespace

void apply_error_pages(Route& route, const Settings& settings, Notes& notes) {
    for (const Directive* said : settings.error_pages)
        if (said->args.size() >= 2) apply_one(route, settings, *said, notes);
}

}  // namespace switchyard::config::nginx
