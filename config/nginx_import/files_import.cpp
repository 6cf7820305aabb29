#include "config/nginx_import/files_import.h"

#include <algorithm>
#include <array>
#include <string>

namespace switchyard::config::nginx {
namespace {

constexpr std::array<std::string_view, 7> kFileDirectives{"root",          "alias",       "index",      "try_files",
                                                          "brotli_static", "gzip_static", "zstd_static"};
// Beside what ends in _pass: what answers, or asks more than there is here.
constexpr std::array<std::string_view, 11> kOthers{"return",  "internal", "empty_gif",    "stub_status", "mp4", "flv",
                                                   "rewrite", "if",       "random_index", "js_content",  "perl"};

bool is_plain(const std::string& text) {
    return text.starts_with('/') && text.find_first_of("$*?") == std::string::npos;
}

std::string without_slash(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

void read_indexes(StaticFiles& out, const Directive& said, Notes& notes) {
    out.index.clear();
    for (const std::string& name : said.args) {
        if (name.find_first_of("/$") == std::string::npos && out.index.size() < kMostIndexes)
            out.index.push_back(name);
        else
            notes.lost(said, "only names in the folder itself have a counterpart: see static.index");
    }
}

// $uri $uri/ and then a page of the folder, or 404.
bool read_tries(StaticFiles& out, const Directive& said, Notes& notes) {
    constexpr auto kForms =
        "only $uri, $uri/ and then a file, or =404, have a counterpart: see static.fallback; its requests are answered "
        "with 501";
    const auto& args = said.args;
    const bool looks = !args.empty() && (args.front() == "$uri" || args.front() == "$uri/");
    const auto is_own = [](const std::string& arg) { return arg == "$uri" || arg == "$uri/"; };
    if (!looks || args.size() < 2 || !std::all_of(args.begin(), args.end() - 1, is_own))
        return notes.lost(said, kForms), false;
    std::string last = args.back().substr(0, args.back().find('?'));
    if (last == "=404" || is_own(last)) return true;
    // nginx begins anew with that path: where it is a program's, there is no file to answer with.
    if (!is_plain(last) || last.ends_with('/') || last.ends_with(".php")) return notes.lost(said, kForms), false;
    out.fallback = std::move(last);
    return true;
}

}  // namespace

bool is_file_directive(std::string_view name) {
    return std::ranges::find(kFileDirectives, name) != kFileDirectives.end();
}

bool reads_files(const std::vector<Directive>& location) {
    for (const Directive& directive : location) {
        if (directive.name.ends_with("_pass")) return false;
        if (std::ranges::find(kOthers, directive.name) != kOthers.end()) return false;
        if (directive.name == "autoindex" && directive.arg(0) == "on") return false;
        if (directive.name == "try_files" && !directive.args.empty() && directive.args.back().starts_with('@'))
            return false;
    }
    return true;
}

std::optional<StaticFiles> files_of(const Directive& location, const Settings& settings, bool exact, Notes& notes) {
    StaticFiles out;
    const Directive* alias = find_child(location.children, "alias");
    const auto root = settings.folders.find("root");
    if (alias != nullptr) {
        if (exact || !is_plain(alias->arg(0))) return std::nullopt;
        out.alias = without_slash(alias->arg(0));
    } else {
        if (root == settings.folders.end() || !is_plain(root->second->arg(0))) return std::nullopt;
        out.root = without_slash(root->second->arg(0));
    }
    if (const auto index = settings.folders.find("index"); index != settings.folders.end())
        read_indexes(out, *index->second, notes);
    if (const Directive* tries = find_child(location.children, "try_files"); tries != nullptr)
        if (!read_tries(out, *tries, notes)) return std::nullopt;
    for (const auto& [name, encoding] : {std::pair{"brotli_static", Encoding::brotli},
                                         {"zstd_static", Encoding::zstd},
                                         {"gzip_static", Encoding::gzip}})
        if (const auto said = settings.folders.find(name);
            said != settings.folders.end() && said->second->arg(0) == "on")
            out.precompressed.push_back(encoding);
    return out;
}

}  // namespace switchyard::config::nginx
