#include "config/nginx_import/rules.h"

#include <algorithm>
#include <cctype>

#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

int depth_of(const Condition& condition) {
    int deepest = 0;
    for (const Condition& child : condition.children) deepest = std::max(deepest, depth_of(child));
    return deepest + 1;
}

std::string rule_name(const Condition& condition, std::set<std::string>& taken) {
    const Condition* first = &condition;
    while (!first->children.empty()) first = &first->children[0];
    std::string wish = first->key.name;
    if (first->key.source == Key::Source::client) wish = "client";
    if (first->key.source == Key::Source::method) wish = "method";
    if (first->key.source == Key::Source::path) wish = "path";
    if (first->key.source == Key::Source::host) wish = "host";
    if (first == &condition && first->test != Condition::Test::matches)
        for (const auto& value : first->values) wish += "-" + value;
    std::ranges::transform(wish, wish.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return fresh_name(wish, taken);
}

}  // namespace switchyard::config::nginx
