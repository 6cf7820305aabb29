#include "config/nginx_import/files_import.h"

#include <algorithm>
#include <array>
#include <string>

#include "config/model/expression.h"

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

// Whether another location than this one takes the path: nginx begins anew with the name of an index and with a page of
// last resort, and what that location guards or runs is no file for all.
bool takes(const Directive& location, std::string_view path) {
    const std::string& word = location.args.back();
    if (location.args.size() == 1 || location.arg(0) == "^~") return path.starts_with(word);
    if (location.arg(0) == "=") return path == word;
    const auto expression = expression_of(location.arg(0) == "~*" ? "(?i)" + word : word);
    return expression == nullptr || found_in(*expression, path);
}

bool belongs_elsewhere(const Directive& own, const std::vector<Directive>& block, std::string_view path) {
    const bool plain = own.args.size() == 1 || own.arg(0) == "^~";
    return std::ranges::any_of(block, [&](const Directive& other) {
        if (other.name != "location" || other.args.empty() || &other == &own) return false;
        // A shorter prefix than this one's gives way to it.
        const bool shorter = plain && (other.args.size() == 1 || other.arg(0) == "^~") &&
                             other.args.back().size() <= own.args.back().size() && path.starts_with(own.args.back());
        return (!shorter && takes(other, path)) || belongs_elsewhere(own, other.children, path);
    });
}

bool is_run(std::string_view name) {
    return name.ends_with(".php");
}

// False: one of them is not this location's to answer with.
bool read_indexes(StaticFiles& out, const Directive& said, const Directive& location,
                  const std::vector<Directive>& server, Notes& notes) {
    out.index.clear();
    const std::string place = location.args.empty() ? "/" : location.args.back();
    for (const std::string& name : said.args)
        if (is_run(name) || belongs_elsewhere(location, server, (place.ends_with('/') ? place : place + "/") + name))
            return notes.lost(said,
                              name + " is what another location answers or runs: its requests are answered with 501"),
                   false;
    for (const std::string& name : said.args) {
        if (name.find_first_of("/$") == std::string::npos && out.index.size() < kMostIndexes)
            out.index.push_back(name);
        else
            notes.lost(said, "only names in the folder itself have a counterpart: see static.index");
    }
    return true;
}

// $uri $uri/ and then a page of the folder, or 404.
bool read_tries(StaticFiles& out, const Directive& said, const Directive& location,
                const std::vector<Directive>& server, Notes& notes) {
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
    if (!is_plain(last) || last.ends_with('/') || is_run(last) || belongs_elsewhere(location, server, last))
        return notes.lost(said, kForms), false;
    out.fallback = std::move(last);
    return true;
}

}  // namespace

bool is_file_directive(std::string_view name) {
    return std::ranges::find(kFileDirectives, name) != kFileDirectives.end();
}

bool reads_files(const std::vector<Directive>& location) {
    for (const Directive& directive : location) {
        if (directive.name.ends_with("_pass") || directive.name.find("_by_lua") != std::string::npos) return false;
        if (std::ranges::find(kOthers, directive.name) != kOthers.end()) return false;
        if (directive.name == "autoindex" && directive.arg(0) == "on") return false;
        if (directive.name == "try_files" && !directive.args.empty() && directive.args.back().starts_with('@'))
            return false;
    }
    return true;
}

std::optional<StaticFiles> files_of(const Directive& location, const Settings& settings, bool exact,
                                    const std::vector<Directive>& server, Notes& notes) {
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
        if (!read_indexes(out, *index->second, location, server, notes)) return std::nullopt;
    if (const Directive* tries = find_child(location.children, "try_files"); tries != nullptr)
        if (!read_tries(out, *tries, location, server, notes)) return std::nullopt;
    for (const auto& [name, encoding] : {std::pair{"brotli_static", Encoding::brotli},
                                         {"zstd_static", Encoding::zstd},
                                         {"gzip_static", Encoding::gzip}})
        if (const auto said = settings.folders.find(name);
            said != settings.folders.end() && said->second->arg(0) == "on")
            out.precompressed.push_back(encoding);
    return out;
}

}  // namespace switchyard::config::nginx
