#include "config/nginx_import/settings.h"

#include <algorithm>
#include <array>

#include "config/nginx_import/compress_import.h"
#include "config/nginx_import/resolver_import.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

constexpr std::array<std::string_view, 12> kSingle{"expires",
                                                   "proxy_connect_timeout",
                                                   "proxy_read_timeout",
                                                   "proxy_send_timeout",
                                                   "client_max_body_size",
                                                   "proxy_next_upstream",
                                                   "proxy_next_upstream_tries",
                                                   "proxy_next_upstream_timeout",
                                                   "default_type",
                                                   "keepalive_timeout",
                                                   "client_header_timeout",
                                                   "http2"};

// The value of the word that begins with "zone=", up to the size of the zone.
std::string zone_name(const Directive& directive) {
    for (const auto& word : directive.args)
        if (const auto zone = option(word, "zone")) return zone->substr(0, zone->find(':'));
    return {};
}

}  // namespace

std::string proxy_name(std::string_view name) {
    constexpr std::string_view kCalls = "grpc_";
    return name.starts_with(kCalls) ? "proxy_" + std::string(name.substr(kCalls.size())) : std::string(name);
}

const Directive* find_pass(const std::vector<Directive>& block) {
    const auto found = std::ranges::find_if(block, is_pass, &Directive::name);
    return found == block.end() ? nullptr : &*found;
}

bool Settings::knows(std::string_view word) {
    const std::string name = proxy_name(word);
    return std::ranges::find(kSingle, name) != kSingle.end() || name == "proxy_set_header" || name == "add_header" ||
           name == "proxy_hide_header" || name.starts_with("proxy_ssl_") || name == "limit_req" ||
           name == "proxy_redirect" || name == "proxy_cookie_domain" || name == "proxy_cookie_path" ||
           name == "limit_req_zone" || name == "error_page" || is_resolver_directive(name) ||
           is_compress_directive(name);
}

Settings Settings::under(const std::vector<Directive>& block) const {
    Settings inner = *this;
    inner.read(block, "proxy_");
    const auto of_calls = std::make_shared<Settings>(for_calls());
    of_calls->read(block, "grpc_");
    of_calls->calls_.reset();
    inner.calls_ = of_calls;
    return inner;
}

Settings Settings::for_calls() const {
    Settings out = calls_ ? *calls_ : Settings{};
    out.scheme = scheme;
    return out;
}

void Settings::read(const std::vector<Directive>& block, std::string_view family) {
    std::vector<const Directive*> set, added, hidden, limits, leading, paths, domains, pages;
    for (const Directive& directive : block) {
        const bool of_passing = directive.name.starts_with("proxy_") || directive.name.starts_with("grpc_");
        if (of_passing && !directive.name.starts_with(family)) continue;
        const std::string name = proxy_name(directive.name);
        if (name == "proxy_set_header")
            set.push_back(&directive);
        else if (name == "add_header")
            added.push_back(&directive);
        else if (name == "proxy_hide_header")
            hidden.push_back(&directive);
        else if (name == "limit_req")
            limits.push_back(&directive);
        else if (name == "proxy_redirect")
            leading.push_back(&directive);
        else if (name == "proxy_cookie_domain")
            domains.push_back(&directive);
        else if (name == "proxy_cookie_path")
            paths.push_back(&directive);
        else if (name == "error_page")
            pages.push_back(&directive);
        else if (name == "types")
            single[name] = &directive;
        else if (name == "limit_req_zone")
            rate_zones[zone_name(directive)] = &directive;
        else if (knows(name))
            single[name] = &directive;
    }
    if (!set.empty()) request_headers = std::move(set);
    if (!added.empty()) response_headers = std::move(added);
    if (!hidden.empty()) hidden_headers = std::move(hidden);
    if (!limits.empty()) rate_limits = std::move(limits);
    if (!leading.empty()) redirects = std::move(leading);
    for (const auto* list : {&domains, &paths}) {
        if (list->empty()) continue;
        std::erase_if(cookies, [&](const Directive* before) { return before->name == list->front()->name; });
        cookies.insert(cookies.end(), list->begin(), list->end());
    }
    if (!pages.empty()) error_pages = std::move(pages);
    read_files(block);
}

void Settings::read_files(const std::vector<Directive>& block) {
    for (const Directive& directive : block)
        if (directive.name == "root") root_ = directive.arg(0);
    for (const Directive& location : block) {
        if (location.name != "location" || location.arg(0) != "=") continue;
        std::string root = root_, alias;
        bool files = true;
        for (const Directive& inner : location.children) {
            if (inner.name == "root") root = inner.arg(0);
            if (inner.name == "alias") alias = inner.arg(0);
            files = files && (inner.name == "root" || inner.name == "alias" || inner.name == "internal");
        }
        const std::string file = alias.empty() ? root + location.arg(1) : alias;
        const bool plain =
            file.starts_with('/') && file.find('$') == std::string::npos && (!root.empty() || !alias.empty());
        if (files && plain) page_files[location.arg(1)] = file;
    }
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
