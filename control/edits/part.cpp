#include "control/edits/part.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/fields/render.h"
#include "config/parse.h"
#include "config/text/nearest.h"
#include "control/edits/replace.h"

namespace switchyard::control::edits {
namespace {

using Json = nlohmann::ordered_json;

Json& list_of(Json& object, const char* key) {
    auto& list = object[key];
    if (!list.is_array()) list = Json::array();
    return list;
}

Json::iterator named(Json& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(),
                        [&](const Json& item) { return item.is_object() && item.value("name", "") == name; });
}

Result<std::size_t> rule_index(const config::Route& route, const std::string& name) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < route.rules.size(); ++i) {
        if (route.rules[i].name == name) return i;
        names.push_back(route.rules[i].name);
    }
    return problems::not_found(
        names.empty() ? fmt::format("route {} has no rule {:?}: it has none", route.name, name)
                      : fmt::format("route {} has no rule {}", route.name, config::unknown_word(name, names)));
}

}  // namespace

Result<config::Model> put(const config::Model& model, const Part& part, const Json& settings) {
    if (!settings.is_object())
        return problems::bad_request("what is put must be a JSON object, as in the configuration");
    Json item = settings;
    std::string before;
    if (part.kind == PartKind::rule && item.contains("before")) {
        if (!item["before"].is_string())
            return problems::invalid({config::Error{"/before", "must be the name of a rule"}});
        before = item["before"].get<std::string>();
        item.erase("before");
    }
    if (part.kind != PartKind::upstream) {
        if (item.contains("name") && item["name"] != part.name)
            return problems::invalid(
                {config::Error{"/name", fmt::format("is not {}, which this is about", part.name)}});
        item["name"] = part.name;
    }
    auto document = config::render(model);
    if (part.kind == PartKind::upstream) {
        document["upstreams"][part.name] = std::move(item);
    } else {
        Json* list = &list_of(document, "routes");
        if (part.kind == PartKind::rule) {
            const auto route = route_index(model, part.route);
            if (!route) return route.error();
            list = &list_of((*list)[*route], "rules");
        }
        if (const auto old = named(*list, part.name); old != list->end()) {
            *old = std::move(item);
        } else if (before.empty()) {
            list->push_back(std::move(item));
        } else if (const auto place = named(*list, before); place != list->end()) {
            list->insert(place, std::move(item));
        } else {
            return problems::not_found(fmt::format("route {} has no rule {:?} to stand before", part.route, before));
        }
    }
    restore_secrets(document, model);
    auto parsed = config::parse(document);
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    return std::move(*parsed.model);
}

Result<config::Model> remove(const config::Model& model, const Part& part) {
    config::Model next = model;
    const auto erase = [](auto& list, std::size_t index) {
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
    };
    if (part.kind == PartKind::upstream) {
        if (auto why = unknown_upstream(model, part.name); !why.empty()) return problems::not_found(std::move(why));
        next.upstreams.erase(part.name);
        return next;
    }
    const auto route = route_index(model, part.kind == PartKind::rule ? part.route : part.name);
    if (!route) return route.error();
    if (part.kind == PartKind::route) {
        erase(next.routes, *route);
        return next;
    }
    const auto rule = rule_index(model.routes[*route], part.name);
    if (!rule) return rule.error();
    erase(next.routes[*route].rules, *rule);
    return next;
}

}  // namespace switchyard::control::edits
