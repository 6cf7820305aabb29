#include "forum/api/openapi.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include "forum/api/embedded_openapi.h"
#include "forum/api/json_text.h"
#include "forum/api/possible_refusals.h"

namespace forum {

namespace {

constexpr std::string_view kDescription =
    "A small forum.\n\n"
    "**Bodies** are JSON objects in strict UTF-8, sent as `Content-Type: application/json`; fields and parameters that "
    "are not in the "
    "schema are refused, as are those given twice. Times are RFC 3339 in UTC. Text is kept and answered as it was "
    "written, in Markdown; whoever "
    "shows it has to escape it. With `format=html` it comes as safe HTML besides. `@name` in a text tells that "
    "user.\n\n"
    "**Logging in**: `register` or `logIn` give an access token, to be sent as `Authorization: Bearer TOKEN` and good "
    "for `expires_in` seconds, and a refresh token for `refresh`, which works once. For 30 seconds a second use is "
    "answered like the first (a lost answer, another tab); later it ends the login for everybody who holds a token of "
    "it. Where no login is needed a token is looked at all the same, so a bad one is "
    "401 everywhere. Roles: guest < member < moderator < admin; `x-access` names the least one of an operation "
    "(`member` includes banned users, `writer` does not; `operators` run the program, `watchers` look after it).\n\n"
    "**Writing**: a 2xx answer means that the change is on disk; 503 means that nothing was changed and the call may "
    "be sent again. With an `Idempotency-Key`, unique per user and kept for a day, a retry is answered with the first "
    "answer (and `Idempotency-Replayed: true`) instead of being done twice; the same key with another path or body is "
    "422.\n\n"
    "**Edits**: GET answers carry an `ETag`. Sent back as `If-None-Match` it saves the body (304). Sent as `If-Match` "
    "with an edit or deletion, that is refused with 412 if the text was edited since; votes and comments in between do "
    "not matter. `*` fits whatever is there, and without the header nothing is compared.\n\n"
    "**Lists** come in pages: pass `next` as `cursor`, with the other parameters unchanged, until it is null. A cursor "
    "belongs to its list.\n\n"
    "**Refusals** are RFC 9457 problems; `type` is `/problems/` and one of the names listed with each status, "
    "`errors` names fields by JSON Pointer.";

void write_reference(JsonText& json, std::string_view kind, std::string_view name) {
    json.begin_object().member("$ref", "#/components/" + std::string(kind) + "/" + std::string(name)).end_object();
}

void write_json_content(JsonText& json, std::string_view type, std::string_view schema) {
    json.key("content").begin_object().key(type).begin_object().key("schema");
    write_reference(json, "schemas", schema);
    json.end_object().end_object();
}

// Every one has an ETag and honours If-None-Match; see answer_with_tag in dispatch.cpp.
bool is_read(const Endpoint& endpoint) {
    return endpoint.method == "GET" && endpoint.pattern.starts_with("/api/");
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
    if (is_read(endpoint)) write_reference(json, "parameters", "If-None-Match");
    json.end_array();
}

void write_headers(JsonText& json, const Endpoint& endpoint) {
    json.key("headers").begin_object();
    const auto header = [&json](std::string_view name) {
        json.key(name);
        write_reference(json, "headers", name);
    };
    header("X-Request-Id");
    const bool shows_version = endpoint.takes("If-Match") && endpoint.status == 200;
    if ((endpoint.method == "GET" && endpoint.status == 200) || shows_version) header("ETag");
    if (endpoint.answer == "Post" || endpoint.answer == "Comment") {
        if (endpoint.status == 201) header("Location");
    }
    if (endpoint.takes("Idempotency-Key")) header("Idempotency-Replayed");
    json.end_object();
}

void write_responses(JsonText& json, const Endpoint& endpoint) {
    json.key("responses").begin_object().key(std::to_string(endpoint.status)).begin_object();
    json.member("description", endpoint.answer.empty() ? "Done." : endpoint.answer);
    write_headers(json, endpoint);
    if (endpoint.answer == "Text") {
        write_json_content(json, "text/plain", "Text");
    } else if (!endpoint.answer.empty()) {
        write_json_content(json, "application/json", endpoint.answer);
    }
    json.end_object();
    if (is_read(endpoint)) {
        json.key("304").begin_object().member("description", "Nothing changed.").end_object();
    }
    if (endpoint.answer == "Readiness") {
        json.key("503").begin_object().member("description",
                                              "Not ready; who looks after the program learns why from `checks`.");
        write_json_content(json, "application/json", endpoint.answer);
        json.end_object();
    }
    for (const auto& [status, slugs] : possible_refusals(endpoint)) {
        json.key(std::to_string(status)).begin_object().member("description", "Types: " + slugs + ".");
        if (status == 429 || status == 503) {
            json.key("headers").begin_object().key("Retry-After");
            write_reference(json, "headers", "Retry-After");
            json.end_object();
        }
        write_json_content(json, "application/problem+json", "Problem");
        json.end_object();
    }
    json.key("default");
    write_reference(json, "responses", "Problem");
    json.end_object();
}

std::string_view who_may(Access access) {
    switch (access) {
        case Access::anyone:
            return "Anybody may.";
        case Access::member:
            return "Needs a login; one that is banned will do.";
        case Access::writer:
            return "Needs a login that is not banned.";
        case Access::moderator:
            return "Needs a moderator or an admin.";
        case Access::admin:
            return "Needs an admin.";
        case Access::watchers:
            return "Needs the operator token, or a call from the machine itself that came through no proxy and no web "
                   "page.";
        case Access::operators:
            return "Needs the operator token; without a configured one, a call from the machine itself that came "
                   "through no "
                   "proxy and no web page.";
    }
    return "";
}

// The noun of a path: "/api/v1/posts/{id}" is about posts, and what is not of the API about operating it.
std::string_view tag_of(std::string_view pattern) {
    constexpr std::string_view kApi = "/api/v1/";
    if (!pattern.starts_with(kApi)) return "operating";
    const std::string_view rest = pattern.substr(kApi.size());
    return rest.substr(0, rest.find('/'));
}

std::string description_of(const Endpoint& endpoint) {
    std::string text = std::string(endpoint.summary) + ". " + std::string(who_may(endpoint.access));
    if (is_read(endpoint)) text += " Carries an ETag and honours If-None-Match.";
    if (endpoint.takes("Idempotency-Key")) text += " With an Idempotency-Key a retry is answered and not done again.";
    if (endpoint.takes("If-Match")) text += " With If-Match it is refused when the text was edited meanwhile.";
    return text;
}

// Each once, in the order of the table.
void write_tags(JsonText& json, std::span<const Endpoint> endpoints) {
    std::vector<std::string_view> seen;
    json.key("tags").begin_array();
    for (const Endpoint& endpoint : endpoints) {
        const std::string_view tag = tag_of(endpoint.pattern);
        if (endpoint.summary.empty() || std::ranges::find(seen, tag) != seen.end()) continue;
        seen.push_back(tag);
        json.begin_object()
            .member("name", tag)
            .member("description", tag == "operating" ? std::string("Probes and what runs the program.")
                                                      : "What begins with /api/v1/" + std::string(tag) + ".")
            .end_object();
    }
    json.end_array();
}

void write_operation(JsonText& json, const Endpoint& endpoint) {
    std::string method(endpoint.method);
    for (char& letter : method) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    json.key(method)
        .begin_object()
        .member("operationId", endpoint.operation)
        .member("summary", endpoint.summary)
        .member("description", description_of(endpoint))
        .member("x-access", name_of(endpoint.access))
        .key("tags")
        .begin_array()
        .value(tag_of(endpoint.pattern))
        .end_array();
    json.key("security").begin_array();
    if (endpoint.access == Access::operators || endpoint.access == Access::watchers) {
        json.begin_object().end_object();  // from the machine itself; for operators only where no token was set
        json.begin_object().key("operatorToken").begin_array().end_array().end_object();
    } else {
        // Moderators see more of some things that all may read, so a token is welcome there too.
        if (endpoint.access == Access::anyone) json.begin_object().end_object();
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
    json.member("title", "Forum").member("version", "1").member("description", kDescription);
    json.key("contact").begin_object().member("name", "Those who run this forum").end_object();
    json.end_object().key("servers").begin_array().begin_object().member("url", "/").end_object().end_array();
    write_tags(json, endpoints);
    json.key("paths").begin_object();
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
