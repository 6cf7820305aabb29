#include "control/admin/openapi.h"

#include <nlohmann/json.hpp>

#include "config/schema.h"
#include "control/admin/openapi_schemas.h"
#include "control/admin/route_table.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

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
        out.push_back(parameter(name, "path", {{"type", number ? "integer" : "string"}},
                                name == "address" ? "host:port, percent-encoded" : "as in the configuration"));
    }
    std::string_view rest = route.queries;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        const auto name = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (name == "wait")
            out.push_back(
                parameter(name, "query", {{"type", "string"}}, "answer when it has ended, or after so long (30s)"));
        else if (name == "anchor")
            out.push_back(parameter(name, "query", {{"type", "string"}}, "LINE:HASH as an earlier answer told them"));
        else
            out.push_back(parameter(name, "query", {{"type", "integer"}}, "paging"));
    }
    if (route.knows_dry_run())
        out.push_back(parameter("dry_run", "query", {{"type", "boolean"}},
                                route.change ? "answer the receipt, change nothing"
                                             : "answer the plan with every value written out, begin nothing"));
    if (route.knows_force())
        out.push_back(parameter("force", "query", {{"type", "boolean"}},
                                "also where traffic that has a healthy endpoint would be left without one"));
    if (route.acts()) {
        out.push_back(parameter("If-Match", "header", {{"type", "string"}}, "the generation this change is based on"));
        out.push_back(parameter("Idempotency-Key", "header", {{"type", "string"}}, "repeats the first answer"));
        out.push_back(parameter("X-Reason", "header", {{"type", "string"}}, "why, for the audit"));
    }
    return out;
}

Json responses(const AdminRoute& route) {
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
    Json out = {{route.operation == "startRollout" ? "201" : "200", std::move(ok)}};
    if (route.operation == "startRollout")
        out["200"] = {{"description", "a dry run: the plan fits; nothing was begun"},
                      {"content", content("application/json", "PlanCheck")}};
    if (route.change) {
        out["202"] = {{"description", "stored and published; some worker has not answered in 1 s and is named"},
                      {"content", content("application/json", "Receipt")}};
        out["507"] = problem("no room to store the change; nothing was changed");
    }
    if (route.acts()) {
        out["409"] = problem("a precondition does not hold");
        out["412"] = problem("someone else changed it");
        out["422"] = problem("invalid; nothing was changed");
    }
    out["400"] = problem("not understood");
    if (route.operation == "readyz") out["503"] = problem("not ready");
    if (route.access != AdminRoute::Access::open) {
        out["401"] = problem("no valid token");
        out["403"] = problem("the token's role does not suffice");
    }
    out["default"] = problem("any other problem");
    return out;
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
                  {"description", "Every change answers a receipt, and only when it is true."}}},
                {"servers", Json::array({{{"url", "http://127.0.0.1:9900"}}})},
                {"security", Json::array({{{"bearer", Json::array()}}})}};
    auto& paths = out["paths"] = Json::object();
    for (const auto& route : admin_routes()) {
        auto& operation = paths[std::string(route.path)][lower(route.method)];
        operation = {{"operationId", route.operation},
                     {"summary", route.summary},
                     {"description", std::string("Role: ") + role_words(route.access) + "."}};
        if (auto list = parameters(route); !list.empty()) operation["parameters"] = std::move(list);
        if (!route.body.empty())
            operation["requestBody"] = {{"required", route.operation != "undo" && route.operation != "putEndpoint"},
                                        {"content", content("application/json", route.body)}};
        operation["responses"] = responses(route);
        if (route.access == AdminRoute::Access::open) operation["security"] = Json::array();
    }
    out["components"] = {{"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}},
                         {"schemas", Json::parse(kOpenApiSchemas)}};
    add_configuration(out["components"]["schemas"]);
    return out;
}

}  // namespace switchyard::control
