#include "config/nginx_import/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/check/http_syntax.h"
#include "config/model/limits.h"
#include "config/nginx_import/text.h"
#include "config/nginx_import/values.h"
#include "config/text/target_text.h"

namespace switchyard::config::nginx {

namespace {

constexpr std::array<std::uint32_t, 5> kRedirects{301, 302, 303, 307, 308};

// A redirect's target with Switchyard's placeholders; nothing when a variable has none.
std::optional<std::string> redirect_target(const Text& text, const std::string& server_name, const std::string& scheme,
                                           unsigned groups, const Directive& where, Notes& notes) {
    std::string to;
    for (const Part& part : text) {
        const auto group = part.variable ? number_value(part.text).value_or(0) : 0;
        if (!part.variable) {
            if (part.text.find_first_of("{} ") != std::string::npos) return std::nullopt;
            to += part.text;
        } else if (group != 0 && group <= groups && group <= kMostGroups) {
            to += "{" + part.text + "}";
        } else if (part.text == "scheme") {
            if (scheme == "http")
                notes.changed(where, "$scheme is http here: what a terminator in front speaks is not seen");
            to += scheme;
        } else if (part.text == "host" || part.text == "http_host") {
            to += "{host}";
        } else if (part.text == "server_name") {
            to += server_name.empty() ? "{host}" : server_name;
        } else if (part.text == "request_uri") {
            to += "{path}?{query}";
        } else if (part.text == "uri" || part.text == "document_uri") {
            to += "{path}";
        } else if (part.text == "is_args") {
            to += "?";
        } else if (part.text == "args" || part.text == "query_string") {
            to += "{query}";
        } else {
            return std::nullopt;
        }
    }
    if (!to.starts_with("http://") && !to.starts_with("https://") && !to.starts_with('/')) return std::nullopt;
    return to;
}

void set_redirect(Route& route, std::uint32_t status, Text to, const std::string& server_name,
                  const std::string& scheme, unsigned groups, const Directive& where, Notes& notes) {
    const auto target = redirect_target(to, server_name, scheme, groups, where, notes);
    if (!target || !is_field_value(*target)) {
        notes.lost(where,
                   "this target has no counterpart: a redirect knows {host}, {path} and {query}; it answers 501");
        return set_not_carried_over(route);
    }
    route.redirect = {*target, static_cast<std::uint16_t>(status)};
}

// nginx goes by the extension before it takes default_type, for fixed answers too.
std::optional<std::string> type_of(const std::string& path, const Settings& settings) {
    const auto dot = path.rfind('.');
    if (dot == std::string::npos || path.find('/', dot) != std::string::npos) return std::nullopt;
    const std::string extension = path.substr(dot + 1);
    if (const Directive* types = settings.find("types")) {
        for (const Directive& type : types->children)
            if (std::ranges::any_of(type.args, [&](const auto& word) { return same_header(word, extension); }))
                return type.name;
        return std::nullopt;
    }
    if (same_header(extension, "html")) return "text/html";
    if (same_header(extension, "gif")) return "image/gif";
    if (same_header(extension, "jpg")) return "image/jpeg";
    return std::nullopt;
}

void set_response(Route& route, std::uint32_t status, const Text& body, const Settings& settings,
                  const Directive& where, Notes& notes) {
    if (status == 444) {
        notes.changed(where, "nginx closes the connection without a word; the answer is 403");
        status = 403;
    }
    if (status < 200 || status > 599) {
        notes.lost(where, fmt::format("{} is no final status; it answers 501", status));
        return set_not_carried_over(route);
    }
    route.respond.status = static_cast<std::uint16_t>(status);
    route.respond.body = literal(body);
    if (!is_literal(body)) notes.lost(where, "variables in a body have no counterpart: they are left out");
    if (route.respond.body.size() > limits::kBodyLength) {
        notes.lost(where, "the body is too long for a fixed response: it is left out");
        route.respond.body.clear();
    }
    if (const Directive* type = settings.find("default_type")) route.respond.content_type = type->arg(0);
    if (const auto type = type_of(route.match.path_exact, settings)) route.respond.content_type = *type;
    for (const Directive* header : settings.response_headers)
        if (same_header(header->arg(0), "Content-Type")) route.respond.content_type = header->arg(1);
    if (!is_field_value(route.respond.content_type)) route.respond.content_type = Respond{}.content_type;
}

}  // namespace

void set_answer(Route& route, const Directive& answer, const Settings& settings, const std::string& server_name,
                Notes& notes, unsigned groups) {
    if (answer.name == "rewrite") {
        Text to = parse_text(answer.arg(1));
        // nginx appends the query unless the target ends in '?'.
        std::string last = to.empty() || to.back().variable ? "" : to.back().text;
        const bool ends = last.ends_with('?');
        const bool asks = std::ranges::any_of(
            to, [](const Part& part) { return !part.variable && part.text.find('?') != std::string::npos; });
        if (ends) to.back().text.pop_back();
        if (ends && to.back().text.empty()) to.pop_back();
        if (!ends && !to.empty() && to.back() != Part{true, "request_uri"})
            append(to, parse_text(asks ? "&$args" : "?$args"));
        // Of the patterns that come here, the only capture is the whole path without its first slash, or with it.
        for (Part& part : to)
            if (groups == 0 && part == Part{true, "1"}) part.text = "uri";
        if (groups == 0 && answer.arg(0) == "^/(.*)$")
            for (std::size_t i = 1; i < to.size(); ++i)
                if (to[i] == Part{true, "uri"} && !to[i - 1].variable && to[i - 1].text.ends_with('/'))
                    to[i - 1].text.pop_back();
        return set_redirect(route, answer.arg(2) == "permanent" ? 301 : 302, to, server_name, settings.scheme, groups,
                            answer, notes);
    }
    const auto status = number_value(answer.arg(0));
    if (!status)
        return set_redirect(route, 302, parse_text(answer.arg(0)), server_name, settings.scheme, groups, answer, notes);
    const bool redirect = std::ranges::find(kRedirects, *status) != kRedirects.end() && answer.args.size() > 1;
    if (redirect)
        return set_redirect(route, *status, parse_text(answer.arg(1)), server_name, settings.scheme, groups, answer,
                            notes);
    set_response(route, *status, parse_text(answer.arg(1)), settings, answer, notes);
}

void set_not_carried_over(Route& route) {
    route.redirect = {};
    route.respond = not_carried_over();
}

Respond not_carried_over() {
    return {kNotCarriedOver, "This part of the nginx configuration was not carried over.\n", Respond{}.content_type};
}

Respond refused() {
    return {403, "Forbidden.\n", Respond{}.content_type};
}

bool redirects_to_https(const Route& route) {
    return route.redirect.to.starts_with("https://");
}

}  // namespace switchyard::config::nginx
