#include "config/nginx_import/settings.h"

#include <algorithm>
#include <array>

#include "config/nginx_import/resolver_import.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

constexpr std::array<std::string_view, 10> kSingle{
    "proxy_connect_timeout", "proxy_read_timeout",        "proxy_send_timeout",          "client_max_body_size",
    "proxy_next_upstream",   "proxy_next_upstream_tries", "proxy_next_upstream_timeout", "default_type",
    "keepalive_timeout",     "client_header_timeout"};

// The value of the word that begins with "zone=", up to the size of the zone.
std::string zone_name(const Directive& directive) {
    for (const auto& word : directive.args)
        if (const auto zone = option(word, "zone")) return zone->substr(0, zone->find(':'));
    return {};
}

}  // namespace

bool Settings::knows(std::string_view name) {
    return std::ranges::find(kSingle, name) != kSingle.end() || name == "proxy_set_header" || name == "add_header" ||
           name == "proxy_hide_header" || name.starts_with("proxy_ssl_") || name == "limit_req" ||
           name == "limit_req_zone" || is_resolver_directive(name);
}

Settings Settings::under(const std::vector<Directive>& block) const {
    Settings inner = *this;
    std::vector<const Directive*> set, added, hidden, limits;
    for (const Directive& directive : block) {
        if (directive.name == "proxy_set_header")
            set.push_back(&directive);
        else if (directive.name == "add_header")
            added.push_back(&directive);
        else if (directive.name == "proxy_hide_header")
            hidden.push_back(&directive);
        else if (directive.name == "limit_req")
            limits.push_back(&directive);
        else if (directive.name == "types")
            inner.single[directive.name] = &directive;
        else if (directive.name == "limit_req_zone")
            inner.rate_zones[zone_name(directive)] = &directive;
        else if (knows(directive.name))
            inner.single[directive.name] = &directive;
    }
    if (!set.empty()) inner.request_headers = std::move(set);
    if (!added.empty()) inner.response_headers = std::move(added);
    if (!hidden.empty()) inner.hidden_headers = std::move(hidden);
    if (!limits.empty()) inner.rate_limits = std::move(limits);
    return inner;
}

const Directive* Settings::rate_zone(const Directive& limit) const {
    const auto zone = rate_zones.find(zone_name(limit));
    return zone == rate_zones.end() ? nullptr : zone->second;
}

const Directive* Settings::find(std::string_view name) const {
    const auto found = single.find(name);
    return found == single.end() ? nullptr : found->second;
}

}  // namespace switchyard::config::nginx
