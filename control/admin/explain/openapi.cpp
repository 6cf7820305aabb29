#include "control/admin/explain/openapi.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "config/fields/schema.h"
#include "control/admin/call/route_table.h"
#include "control/admin/explain/openapi_schemas.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$";
// Nothing that fits is beyond 30 days, the longest that is taken.
constexpr const char* kDurationPattern =
    "^([12]?\\d|30)d$|^[1-6]?\\d{1,2}h$|^\\d{1,4}m$|^\\d{1,6}s$|^\\d{1,9}ms$|^(\\d{1,2}h)?(\\d{1,2}m)?(\\d{1,2}s)?(\\d{"
    "1,3}ms)?$";

// Whole numbers that every reader of JSON can hold; those that are given out are far below.
constexpr int kMostEndpoints = 1'000'000;
constexpr std::int64_t kMostNumber = (std::int64_t{1} << 53) - 1;

Json reference(std::string_view schema) {
    return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

Json content(std::string_view type, std::string_view schema) {
    return {{std::string(type), {{"schema", reference(schema)}}}};
}

Json parameter(std::string_view name, std::string_view in, Json schema, std::string_view description) {
    Json out = {{"name", name}, {"in", in}};
    if (in == "path") out["required"] = true;
    out["description"] = description;
    out["schema"] = std::move(schema);
    return out;
}

Json parameters(const AdminRoute& route) {
    Json out = Json::array();
    for (std::size_t at = route.path.find('{'); at != std::string_view::npos; at = route.path.find('{', at + 1)) {
        const auto name = route.path.substr(at + 1, route.path.find('}', at) - at - 1);
        const bool number = name == "generation" || name == "other" || name == "id";
        const bool named = name == "route" || name == "upstream" || name == "rule";
        Json schema = {{"type", number ? "integer" : "string"}};
        if (number) schema["minimum"] = 1, schema["maximum"] = kMostNumber;
        if (named) schema["pattern"] = kNamePattern;
        if (name == "release") schema["pattern"] = kNamePattern;
        if (name == "rollout") schema["pattern"] = "^r[1-9][0-9]{0,14}$";
        out.push_back(parameter(name, "path", std::move(schema),
                                name == "address" ? "host:port, percent-encoded" : "as in the configuration"));
    }
    std::string_view rest = route.queries;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        const auto name = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (name == "wait")
            out.push_back(parameter(name, "query",
                                    {{"type", "string"}, {"minLength", 2}, {"pattern", kDurationPattern}},
                                    "answer when what is waited for has come, or after so long (30s)"));
        else if (name == "healthy")
            out.push_back(parameter(name, "query", {{"type", "integer"}, {"minimum", 1}, {"maximum", kMostEndpoints}},
                                    "with wait: how many endpoints are to be healthy"));
        else if (name == "anchor")
            out.push_back(parameter(name, "query", {{"type", "string"}, {"pattern", "^[1-9][0-9]{0,14}:.+$"}},
                                    "LINE:HASH as an earlier answer told them"));
        else if (name == "file_wins")
            out.push_back(parameter(name, "query", {{"type", "boolean"}},
                                    "where the file and changes at run time contradict each other, the file counts"));
        else if (name == "route")
            out.push_back(parameter(name, "query", {{"type", "string"}}, "only those of this route"));
        else
            out.push_back(
                parameter(name, "query",
                          {{"type", "integer"}, {"minimum", 0}, {"maximum", std::numeric_limits<std::uint64_t>::max()}},
                          "paging"));
    }
    if (route.knows_dry_run())
        out.push_back(parameter("dry_run", "query", {{"type", "boolean"}},
                                route.change ? "answer the receipt, change nothing"
                                             : "answer the plan with every value written out, begin nothing"));
    if (route.knows_force())
        out.push_back(parameter("force", "query", {{"type", "boolean"}},
                                "also where traffic that has a healthy endpoint would be left without one"));
    if (route.acts()) {
        out.push_back(parameter("If-Match", "header",
                                {{"type", "string"}, {"pattern", "^(\\*|[0-9]{1,15}|\"[0-9]{1,15}\")$"}},
                                "the generation this change is based on, as in ETag: \"43\""));
        out.push_back(parameter("Idempotency-Key", "header", {{"type", "string"}, {"minLength", 1}, {"maxLength", 200}},
                                "repeats the first answer"));
        out.push_back(parameter("X-Reason", "header", {{"type", "string"}, {"maxLength", 1000}}, "why, for the audit"));
    }
    return out;
}

// Where an answer leads: what its caller may ask for next, with what stands in it.
void add_links(const AdminRoute& route, Json& answer) {
    const auto link = [&](const char* name, const char* operation, const char* parameter, const char* value) {
        answer["links"][name] = {{"operationId", operation}, {"parameters", {{parameter, value}}}};
    };
    if (route.operation == "startRollout") {
        for (const char* operation : {"getRollout", "getRolloutReport", "getRolloutPage", "promoteRollout",
                                      "pauseRollout", "resumeRollout", "abortRollout"})
            link(operation, operation, "rollout", "$response.body#/id");
    } else if (route.change) {
        link("generation", "getGeneration", "generation", "$response.body#/generation");
        link("confirm", "confirm", "generation", "$response.body#/generation");
        link("drain", "getDrain", "id", "$response.body#/drain/id");
    }
}

Json responses(const AdminRoute& route) {
    constexpr const char* kInvalid =
        "invalid: what no schema says, such as a name that is not there or two members that do not go together; every "
        "place is told, and nothing was changed";
    const auto problem = [](const char* words) {
        return Json{{"description", words}, {"content", content("application/problem+json", "Problem")}};
    };
    Json ok = {{"description", "done"}};
    if (!route.answer.empty())
        ok["content"] = content("application/json", route.answer);
    else if (route.operation == "events")
        ok["content"] = {{"text/event-stream", {{"schema", {{"type", "string"}}}}}};
    else if (route.operation == "getRolloutPage")
        ok["content"] = {{"text/html", {{"schema", {{"type", "string"}}}}}};
    else if (route.operation == "metrics")
        ok["content"] = {{"text/plain", {{"schema", {{"type", "string"}}}}}};
    else
        ok["content"] = {{"application/json", {{"schema", {{"type", "object"}}}}}};
    add_links(route, ok);
    const bool makes = route.operation == "startRollout" || route.operation == "beginSession" ||
                       route.operation == "makeSessionCode" || route.operation == "exchangeSessionCode";
    Json out = {{makes ? "201" : "200", std::move(ok)}};
    if (route.operation == "beginRelease") {
        out["201"] = {{"description", "begun"}, {"content", content("application/json", "Release")}};
        out["200"]["description"] = "it goes on, or has ended before; a dry run: whether it could begin";
        out["200"]["content"] = {{"application/json", {{"schema", {{"type", "object"}}}}}};
    }
    if (route.operation == "startRollout")
        out["200"] = {{"description", "a dry run: the plan fits; nothing was begun"},
                      {"content", content("application/json", "PlanCheck")}};
    if (route.change) {
        out["202"] = {{"description", "stored and published; some worker has not answered in 1 s and is named"},
                      {"content", content("application/json", "Receipt")}};
        out["507"] = problem("no room to store the change; nothing was changed");
    }
    if (route.operation == "startUpgrade") {
        out["202"] = out["200"];
        out["202"]["description"] = "begun: GET /v1/upgrade says how it goes";
        out.erase("200");
    }
    if (route.acts()) {
        out["409"] = problem("a precondition does not hold");
        out["412"] = problem("someone else changed it: another generation is in force than If-Match names");
        out["422"] = problem(kInvalid);
    }
    if (!route.body.empty()) {
        out["413"] = problem("the body is larger than 8 MiB");
        out["422"] = problem(kInvalid);
    }
    out["400"] = problem("not understood");
    out["431"] = problem("the head is larger than 16 KiB");
    if (route.operation == "exchangeSessionCode") {
        out["401"] = problem("the code is none, was used, or is too old");
        out["403"] = problem("a browser calls from a page of somebody else");
        out["429"] = problem("too many wrong codes from this address");
    }
    if (route.operation == "readyz") out["503"] = problem("not ready");
    if (route.access != AdminRoute::Access::open) {
        out["401"] = problem("no valid token");
        out["429"] = problem("too many wrong tokens from this address, or too many streams of events");
        if (route.path.find('{') != std::string_view::npos || route.operation == "undo" || route.operation == "change")
            out["404"] = problem("there is no such thing");
        out["403"] = problem("the token's role does not suffice");
    }
    out["default"] = problem("any other problem");
    return out;
}

// One shape for each verb of POST /v1/changes: what it requires, and nothing else.
Json edit_schema() {
    const Json name = {{"type", "string"}, {"pattern", kNamePattern}};
    const Json address = {{"type", "string"}, {"description", "host:port, [v6]:port or unix:/path"}};
    const Json count = {{"type", "integer"}, {"minimum", 0}};
    const auto part = [](const char* schema) { return Json{{"$ref", std::string("#/components/schemas/") + schema}}; };
    auto shapes = Json::array();
    const auto verb = [&](const char* word, Json properties, std::vector<std::string> required) {
        properties["verb"] = {{"const", word}};
        required.emplace_back("verb");
        shapes.push_back({{"title", word},
                          {"type", "object"},
                          {"additionalProperties", false},
                          {"required", std::move(required)},
                          {"properties", std::move(properties)}});
    };
    const Json healthy = {{"type", "object"}, {"additionalProperties", false}, {"properties", {{"healthy", count}}}};
    const Json target = {{"type", "string"}, {"pattern", fmt::format("^@candidate$|{}", kNamePattern)}};
    verb("switch", {{"route", name}, {"to", target}, {"require", healthy}, {"force", {{"type", "boolean"}}}},
         {"route", "to"});
    verb("split", {{"route", name}, {"weights", part("Split")}}, {"route", "weights"});
    verb("hold",
         {{"route", name},
          {"for", {{"type", "string"}}},
          {"limit", {{"type", "integer"}, {"minimum", 1}}},
          {"respond", {{"type", "object"}}}},
         {"route", "for"});
    verb("resume", {{"route", name}}, {"route"});
    verb("put-endpoint", {{"upstream", name}, {"address", address}, {"settings", part("Endpoint")}},
         {"upstream", "address"});
    verb("remove-endpoint", {{"upstream", name}, {"address", address}}, {"upstream", "address"});
    verb("endpoint-state", {{"upstream", name}, {"address", address}, {"state", {{"enum", {"up", "drain", "maint"}}}}},
         {"upstream", "address", "state"});
    verb("put-route", {{"route", name}, {"settings", part("Route")}}, {"route", "settings"});
    verb("remove-route", {{"route", name}}, {"route"});
    verb("put-rule", {{"route", name}, {"rule", name}, {"settings", part("Rule")}}, {"route", "rule", "settings"});
    verb("remove-rule", {{"route", name}, {"rule", name}}, {"route", "rule"});
    verb("put-upstream", {{"upstream", name}, {"settings", part("UpstreamSettings")}}, {"upstream", "settings"});
    verb("remove-upstream", {{"upstream", name}}, {"upstream"});
    verb("require", {{"upstream", name}, {"healthy", count}, {"in_flight_below", count}}, {"upstream"});
    return {{"oneOf", std::move(shapes)}};
}

// Members that take a time are told as such wherever they stand.
void tell_durations(Json& schema) {
    if (schema.is_object() && schema.contains("properties"))
        for (const char* key : {"confirm_within", "watch", "for", "deadline", "within", "bake", "header_only",
                                "drain_within", "probation"})
            if (auto& properties = schema["properties"]; properties.contains(key) && properties[key].is_object())
                properties[key]["minLength"] = 2, properties[key]["pattern"] = kDurationPattern;
    if (schema.is_structured())
        for (auto& inner : schema) tell_durations(inner);
}

// The family a call belongs to: the first word of its path behind the version.
std::string tag_of(const AdminRoute& route) {
    auto path = route.path;
    if (path.starts_with("/v1/")) path.remove_prefix(3);
    path.remove_prefix(1);
    return std::string(path.substr(0, path.find('/')));
}

const char* role_words(AdminRoute::Access access) {
    switch (access) {
        case AdminRoute::Access::open:
            return "anyone";
        case AdminRoute::Access::viewer:
            return "viewer";
        case AdminRoute::Access::operate:
            return "operator";
        case AdminRoute::Access::admin:
            return "admin";
    }
    return "admin";
}

// References to the parts of the configuration's schema, which are components here.
void refer_to_components(Json& schema) {
    constexpr std::string_view kPart = "#/$defs/";
    if (schema.is_object())
        if (const auto ref = schema.find("$ref"); ref != schema.end())
            if (const auto to = ref->get<std::string>(); to.substr(0, kPart.size()) == kPart)
                *ref = "#/components/schemas/Config." + to.substr(kPart.size());
    if (schema.is_structured())
        for (auto& part : schema) refer_to_components(part);
}

// What `switchyard schema` prints, as components: not every reader of OpenAPI follows references within a component.
void add_configuration(Json& schemas) {
    auto config = config::schema();
    config.erase("$schema");
    refer_to_components(config);
    if (config.contains("$defs"))
        for (auto& [name, part] : config["$defs"].items()) schemas["Config." + name] = std::move(part);
    config.erase("$defs");
    schemas["Config"] = std::move(config);
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return out;
}

}  // namespace

Json openapi_document(const std::string& version) {
    Json out = {{"openapi", "3.1.0"},
                {"info",
                 {{"title", "Switchyard admin API"},
                  {"version", version},
                  {"contact", {{"name", "whoever runs this installation"}}},
                  {"description", "Every change answers a receipt, and only when it is true."}}},
                // Where this document came from, whatever the admin API is bound to.
                {"servers", Json::array({{{"url", "/"}}})},
                {"tags", Json::array()},
                {"security", Json::array({{{"bearer", Json::array()}}})}};
    auto& paths = out["paths"] = Json::object();
    for (const auto& route : admin_routes()) {
        auto& operation = paths[std::string(route.path)][lower(route.method)];
        const auto tag = tag_of(route);
        if (std::ranges::none_of(out["tags"], [&](const Json& t) { return t["name"] == tag; }))
            out["tags"].push_back({{"name", tag}});
        operation = {{"operationId", route.operation},
                     {"tags", Json::array({tag})},
                     {"summary", route.summary},
                     {"description", std::string("Role: ") + role_words(route.access) + "."}};
        if (auto list = parameters(route); !list.empty()) operation["parameters"] = std::move(list);
        if (!route.body.empty())
            operation["requestBody"] = {
                {"required", route.operation != "undo" && route.operation != "putEndpoint" &&
                                 route.operation != "confirm" && route.operation != "undoRelease"},
                {"content", content("application/json", route.body)}};
        operation["responses"] = responses(route);
        if (route.access == AdminRoute::Access::open) operation["security"] = Json::array();
    }
    out["components"] = {{"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}},
                         {"schemas", Json::parse(kOpenApiSchemas)}};
    auto& schemas = out["components"]["schemas"];
    schemas["Edit"] = edit_schema();
    for (const char* place : {"route", "from", "to"}) schemas["Plan"]["properties"][place]["pattern"] = kNamePattern;
    tell_durations(schemas);
    add_configuration(schemas);
    return out;
}

}  // namespace switchyard::control
