#include "config/nginx_import/location_path.h"

#include <algorithm>
#include <cctype>

#include "config/nginx_import/pattern.h"

namespace switchyard::config::nginx {

namespace {

Condition path_test(Condition::Test test, std::string value) {
    Condition condition;
    condition.key = {Key::Source::path, {}};
    condition.test = test;
    condition.values = {std::move(value)};
    return condition;
}

// The text that every match begins with; "/" where the expression does not say.
std::string literal_start(const std::string& pattern, bool fold_case) {
    std::string start;
    if (!pattern.starts_with('^') || pattern.find('|') != std::string::npos) return "/";
    for (std::size_t i = 1; i < pattern.size(); ++i) {
        char c = pattern[i];
        if (c == '\\' && i + 1 < pattern.size() && std::ispunct(static_cast<unsigned char>(pattern[i + 1])))
            c = pattern[++i];
        else if (std::string_view("\\.[](){}^$*+?").find(c) != std::string_view::npos)
            break;
        if (fold_case && std::isalpha(static_cast<unsigned char>(c))) break;
        if (i + 1 < pattern.size() && std::string_view("*?{").find(pattern[i + 1]) != std::string_view::npos) break;
        start += c;
    }
    return start.starts_with('/') ? start : "/";
}

}  // namespace

bool is_plain_path(const std::string& path) {
    return path.starts_with('/') && path.find_first_of("?# ") == std::string::npos &&
           path.find("/./") == std::string::npos && path.find("/../") == std::string::npos &&
           std::ranges::all_of(path, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<Path> location_path(const Directive& location, Notes& notes) {
    std::string modifier = location.args.size() > 1 ? location.arg(0) : "";
    std::string text = location.args.size() > 1 ? location.arg(1) : location.arg(0);
    // nginx also takes the modifier without a space: =/x, ~^/x.
    for (const std::string_view glued : {"^~", "~*", "~", "="})
        if (modifier.empty() && text.starts_with(glued)) {
            modifier = glued;
            text.erase(0, glued.size());
        }
    if (text.starts_with('@') && modifier.empty()) {
        notes.unneeded(location, "named locations are carried over where try_files leads to them, and nowhere else");
        return std::nullopt;
    }
    Path path;
    path.text = text;
    if (modifier == "~" || modifier == "~*") {
        const bool fold = modifier == "~*";
        const auto pattern = re2_expression(text, fold);
        path.guessed = !pattern;
        path.when = pattern ? path_test(Condition::Test::matches, *pattern)
                            : path_test(Condition::Test::prefix, literal_start(text, fold));
        return path;
    }
    path.exact = modifier == "=";
    path.stops_patterns = modifier == "^~";
    if (!is_plain_path(text)) {
        path.when = path_test(path.exact ? Condition::Test::equals : Condition::Test::prefix, text);
        return path;
    }
    if (!path.exact && text.size() > 1 && !text.ends_with('/')) path.border = text;
    return path;
}

}  // namespace switchyard::config::nginx
