// proxy_redirect, proxy_cookie_domain, proxy_cookie_path and expires → what a route makes of answers.
#include <algorithm>
#include <array>
#include <set>

#include "config/check/http_syntax.h"
#include "config/nginx_import/location_import.h"
#include "config/nginx_import/text.h"
#include "config/nginx_import/values.h"
#include "config/text/duration.h"

namespace switchyard::config::nginx {

namespace {

// What the client is told; nothing where a variable has no counterpart.
std::optional<std::string> told(const std::string& written_text, const std::string& scheme) {
    std::string out;
    for (const Part& part : parse_text(written_text)) {
        if (!part.variable && part.text.find_first_of("{} ;") == std::string::npos)
            out += part.text;
        else if (part.variable && part.text == "scheme")
            out += scheme;
        else if (part.variable && (part.text == "host" || part.text == "http_host"))
            out += "{host}";
        else
            return std::nullopt;
    }
    return is_field_value(out) ? std::optional(out) : std::nullopt;
}

// `from` and `to` of a directive; nothing, and a note, where they cannot be carried over.
std::optional<Substitution> substitution(const Directive& directive, const std::string& scheme, Notes& notes) {
    const std::string& from = directive.arg(0);
    const auto to = told(directive.arg(1), scheme);
    if (directive.args.size() == 2 && to && !from.starts_with('~') && is_literal(parse_text(from)) && !from.empty() &&
        is_field_value(from) && from.find_first_of(" ;") == std::string::npos)
        return Substitution{from, *to};
    notes.lost(directive,
               "expected two texts, of variables only $host and $scheme in the second: expressions have no "
               "counterpart, and what they would change is passed on as it is");
    return std::nullopt;
}

// `~` by itself is each cookie.
std::optional<CookieFlags> cookie_flags(const Directive& directive, Notes& notes) {
    constexpr std::array<std::string_view, 8> kFlags{"secure",          "nosecure",      "httponly",     "nohttponly",
                                                     "samesite=strict", "samesite=none", "samesite=lax", "nosamesite"};
    CookieFlags out{directive.arg(0) == "~" ? std::string() : directive.arg(0), {}};
    std::set<std::string> named;
    bool fits = out.cookie.empty() || is_token(out.cookie);
    for (std::size_t i = 1; i < directive.args.size(); ++i) {
        out.flags.push_back(lower(directive.args[i]));
        fits = fits && std::ranges::find(kFlags, out.flags.back()) != kFlags.end() &&
               named.insert(std::string(attribute_of_flag(out.flags.back()))).second;
    }
    if (fits && !out.flags.empty() && !out.cookie.starts_with('~') && out.cookie.find('$') == std::string::npos)
        return out;
    notes.lost(directive, "expected the name of a cookie, or ~ for each, and flags without variables");
    return std::nullopt;
}

// How nginx's own words are written here; nothing for `off` and what has no counterpart.
std::string keeping_time(const Directive& expires, Notes& notes) {
    const std::string& time = expires.arg(0);
    if (expires.args.size() != 1 || time == "modified" || time.starts_with('@') || time.starts_with('$')) {
        notes.lost(expires, "only a time, epoch, max and off have a counterpart: see expires of the route");
        return {};
    }
    if (time == "off") return {};
    if (time == "max") return "max";
    if (time == "epoch" || time.starts_with('-')) return "no-cache";
    const auto value = time_value(time);
    if (!value) notes.lost(expires, "expected a time");
    return value ? duration_text(*value) : std::string();
}

}  // namespace

void apply_answers(Route& route, const Settings& settings, const DefaultRedirect& by_default, Notes& notes) {
    const auto add_default = [&] {
        if (!by_default.from.empty()) route.answers.location.push_back({by_default.from, by_default.to});
    };
    if (settings.redirects.empty() && by_default.asked_for_itself) add_default();
    for (const Directive* directive : settings.redirects) {
        if (directive->arg(0) == "off") continue;
        if (directive->arg(0) == "default")
            add_default();
        else if (const auto way = substitution(*directive, settings.scheme, notes))
            route.answers.location.push_back(*way);
    }
    for (const Directive* directive : settings.cookies) {
        if (directive->arg(0) == "off") continue;
        if (directive->name == "proxy_cookie_flags") {
            if (const auto flags = cookie_flags(*directive, notes)) route.answers.cookie_flags.push_back(*flags);
            continue;
        }
        auto& list = directive->name == "proxy_cookie_domain" ? route.answers.cookie_domain : route.answers.cookie_path;
        if (const auto way = substitution(*directive, settings.scheme, notes)) list.push_back(*way);
    }
    apply_expires(route, settings, notes);
}

void apply_expires(Route& route, const Settings& settings, Notes& notes) {
    if (const Directive* expires = settings.find("expires")) route.expires = keeping_time(*expires, notes);
}

}  // namespace switchyard::config::nginx
