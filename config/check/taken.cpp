#include "config/check/taken.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace switchyard::config {
namespace {

void collect(const Condition& condition, std::set<std::string>& out) {
    for (const auto& child : condition.children) collect(child, out);
    if (condition.kind == Condition::Kind::test && condition.test == Condition::Test::matches)
        out.insert(condition.values.begin(), condition.values.end());
}

void collect(const Route& route, std::string_view part, const HeaderEdits& edits, std::set<std::string>& out) {
    for (const auto& [name, value] : edits.set) out.insert(edit_text(route.name, fmt::format("{}/set", part), name));
    for (const auto& [name, value] : edits.add) out.insert(edit_text(route.name, fmt::format("{}/add", part), name));
    for (const auto& name : edits.remove) out.insert(edit_text(route.name, fmt::format("{}/remove", part), name));
}

}  // namespace

std::string edit_text(std::string_view route, std::string_view part, std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return fmt::format("{} {} {}", route, part, lower);
}

Taken Taken::in(const Model& model) {
    Taken out;
    for (const auto& [name, upstream] : model.upstreams) out.health.emplace(name, upstream.health);
    for (const auto& route : model.routes) {
        for (const auto& pattern : {route.match.path_matches, route.match.host_matches})
            if (!pattern.empty()) out.expressions.insert(pattern);
        for (const auto& way : route.rewrite)
            if (!way.matches.empty()) out.expressions.insert(way.matches);
        for (const auto& rule : route.rules) collect(rule.when, out.expressions);
        collect(route, "request_headers", route.request_headers, out.edits);
        collect(route, "response_headers", route.response_headers, out.edits);
    }
    return out;
}

}  // namespace switchyard::config
