#include "forum/api/openapi.h"

#include <cctype>
#include <map>
#include <vector>

#include "forum/api/embedded_openapi.h"
#include "forum/api/json_text.h"

namespace forum {

namespace {

void write_reference(JsonText& json, std::string_view kind, std::string_view name) {
    json.begin_object().member("$ref", "#/components/" + std::string(kind) + "/" + std::string(name)).end_object();
}

void write_json_content(JsonText& json, std::string_view type, std::string_view schema) {
    json.key("content").begin_object().key(type).begin_object().key("schema");
    write_reference(json, "schemas", schema);
    json.end_object().end_object();
}

void write_parameters(JsonText& json, const Endpoint& endpoint) {
    json.key("parameters").begin_array();
    std::string_view pattern = endpoint.pattern;
    for (std::size_t open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{')) {
        const std::size_t close = pattern.find('}', open);
        write_reference(json, "parameters",
                        std::string("path_") + std::string(pattern.substr(open + 1, close - open - 1)));
        pattern.remove_prefix(close);
    }
    for (std::string_view rest = endpoint.parameters; !rest.empty();) {
        const std::size_t space = std::min(rest.find(' '), rest.size());
        write_reference(json, "parameters", rest.substr(0, space));
        rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    json.end_array();
}

void write_responses(JsonText& json, const Endpoint& endpoint) {
    json.key("responses").begin_object().key(std::to_string(endpoint.status)).begin_object();
    json.member("description", endpoint.answer.empty() ? "Done." : endpoint.answer);
    if (endpoint.answer == "Text") {
        write_json_content(json, "text/plain", "Text");
    } else if (!endpoint.answer.empty()) {
        write_json_content(json, "application/json", endpoint.answer);
    }
    json.end_object();
    if (endpoint.parameters.find("If-None-Match") != std::string_view::npos) {
        json.key("304").begin_object().member("description", "Nothing changed.").end_object();
    }
    json.key("default");
    write_reference(json, "responses", "Problem");
    json.end_object();
}

void write_operation(JsonText& json, const Endpoint& endpoint) {
    std::string method(endpoint.method);
    for (char& letter : method) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    json.key(method)
        .begin_object()
        .member("operationId", endpoint.operation)
        .member("summary", endpoint.summary)
        .member("x-access", name_of(endpoint.access));
    json.key("security").begin_array();
    if (endpoint.access == Access::operators) {
        json.begin_object().key("operatorToken").begin_array().end_array().end_object();
    } else if (endpoint.access != Access::anyone) {
        json.begin_object().key("accessToken").begin_array().end_array().end_object();
    }
    json.end_array();
    write_parameters(json, endpoint);
    if (!endpoint.request.empty()) {
        json.key("requestBody").begin_object().member("required", true);
        write_json_content(json, "application/json", endpoint.request);
        json.end_object();
    }
    write_responses(json, endpoint);
    json.end_object();
}

}  // namespace

std::string openapi_document(std::span<const Endpoint> endpoints) {
    std::map<std::string_view, std::vector<const Endpoint*>> paths;
    for (const Endpoint& endpoint : endpoints) {
        if (!endpoint.summary.empty()) paths[endpoint.pattern].push_back(&endpoint);
    }
    JsonText json;
    json.begin_object().member("openapi", "3.1.0").key("info").begin_object();
    json.member("title", "Forum")
        .member("version", "1")
        .member("description",
                "A small forum. Bodies are JSON in strict UTF-8. A 2xx answer to a writing call means that it is on "
                "disk. Lists "
                "come in pages: pass `next` as `cursor` until it is null. Errors are RFC 9457 problems.");
    json.end_object().key("paths").begin_object();
    for (const auto& [pattern, operations] : paths) {
        json.key(pattern).begin_object();
        for (const Endpoint* endpoint : operations) write_operation(json, *endpoint);
        json.end_object();
    }
    json.end_object().key("components").raw(kEmbeddedOpenapi[0].text);
    json.end_object();
    return json.take();
}

Answer show_openapi(Service& service, const Call&) {
    return json_answer(200, service.openapi);
}

}  // namespace forum
