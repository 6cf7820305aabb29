#include "config/nginx_import/rewrites.h"

#include "config/check/http_syntax.h"
#include "config/nginx_import/values.h"
#include "config/text/target_text.h"

namespace switchyard::config::nginx {

std::optional<std::string> rewrite_target(const Text& replacement, unsigned groups, Query query) {
    std::string to;
    bool keeps_query = false;  // by its own words
    for (const Part& part : replacement) {
        if (keeps_query && !to.ends_with("{query}")) return std::nullopt;
        const auto group = part.variable ? number_value(part.text) : std::nullopt;
        if (!part.variable) {
            if (part.text.find_first_of("{} #") != std::string::npos) return std::nullopt;
            to += part.text;
        } else if (group) {
            if (*group == 0 || *group > groups || *group > kMostGroups) return std::nullopt;
            to += "{" + part.text + "}";
        } else if (part.text == "host") {
            to += "{host}";
        } else if (part.text == "is_args") {
            to += '?';
        } else if (part.text == "args" || part.text == "query_string") {
            to += "{query}";
            keeps_query = true;
        } else {
            return std::nullopt;
        }
    }
    if ((!to.starts_with('/') && !to.starts_with('{')) || to.starts_with("{host}") || !is_field_value(to))
        return std::nullopt;
    const auto mark = to.find('?');
    if (mark == std::string::npos) return query == Query::appended ? to : to + '?';
    // A second one stands at the end, and says that nothing is appended.
    if (const auto second = to.find('?', mark + 1); second != std::string::npos && second + 1 != to.size())
        return std::nullopt;
    if (to.ends_with("?{query}")) return to.substr(0, mark);  // as it came
    if (query == Query::appended && !to.ends_with('?') && !keeps_query) to += "&{query}";
    return to;
}

}  // namespace switchyard::config::nginx
