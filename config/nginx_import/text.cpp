#include "config/nginx_import/text.h"
#include "config/nginx_import/values.h"

#include <algorithm>
#include <cctype>

namespace switchyard::config::nginx {

namespace {

bool is_name(char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// nginx looks up all variables without regard to case, cookies and parameters of the query too; Switchyard's keys are
// exact, and what the configuration says is what the application uses.
std::string variable_name(std::string_view written) {
    std::string name = lower(written);
    for (const std::string_view source : {"cookie_", "arg_"})
        if (name.starts_with(source)) return std::string(source) + std::string(written.substr(source.size()));
    return name;
}

void append_literal(Text& text, std::string_view more) {
    if (more.empty()) return;
    if (!text.empty() && !text.back().variable)
        text.back().text += more;
    else
        text.push_back({false, std::string(more)});
}

}  // namespace

Text parse_text(std::string_view text) {
    Text out;
    while (!text.empty()) {
        const auto dollar = text.find('$');
        append_literal(out, text.substr(0, dollar));
        if (dollar == std::string_view::npos) break;
        text.remove_prefix(dollar + 1);
        const bool braces = text.starts_with('{');
        const auto name = text.substr(braces ? 1 : 0);
        const auto end = static_cast<std::size_t>(std::ranges::find_if_not(name, is_name) - name.begin());
        const bool closed = !braces || (end < name.size() && name[end] == '}');
        if (end == 0 || !closed) {
            append_literal(out, "$");  // nginx would refuse it; in a pattern it is an anchor
            continue;
        }
        out.push_back({true, variable_name(name.substr(0, end))});
        text = name.substr(end + (braces ? 1 : 0));
    }
    return out;
}

Text literal_text(std::string text) {
    Text out;
    append_literal(out, text);
    return out;
}

void append(Text& to, const Text& more) {
    for (const Part& part : more) {
        if (part.variable)
            to.push_back(part);
        else
            append_literal(to, part.text);
    }
}

bool is_literal(const Text& text) {
    return std::ranges::none_of(text, [](const Part& part) { return part.variable; });
}

std::string literal(const Text& text) {
    std::string out;
    for (const Part& part : text)
        if (!part.variable) out += part.text;
    return out;
}

std::optional<std::string> only_variable(const Text& text) {
    if (text.size() != 1 || !text[0].variable) return std::nullopt;
    return text[0].text;
}

std::string written(const Text& text) {
    std::string out;
    for (const Part& part : text) out += part.variable ? "${" + part.text + "}" : part.text;
    return out;
}

}  // namespace switchyard::config::nginx
