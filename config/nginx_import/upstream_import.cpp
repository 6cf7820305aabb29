#include "config/nginx_import/upstream_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/model/limits.h"
#include "config/nginx_import/matcher.h"
#include "config/nginx_import/resolver_import.h"
#include "config/nginx_import/text.h"
#include "config/nginx_import/upstream_tls.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

// nginx fills in port 80.
std::optional<Address> endpoint_address(const std::string& text, std::string* why) {
    if (text.starts_with("unix:")) return Address::parse(text, why);
    const bool bracket = text.starts_with('[');
    const bool has_port = text.find(':', bracket ? text.find(']') : 0) != std::string::npos;
    return Address::parse(has_port ? text : text + ":80", why);
}

bool is_same_site(std::string_view word) {
    return word == "lax" || word == "strict" || word == "none";
}

constexpr std::string_view kNoCounterpart = "has no counterpart in Switchyard";

}  // namespace

void Upstreams::add(const Directive& block) {
    Upstream upstream;
    upstream.balance.kind = Balance::Kind::weighted_round_robin;  // nginx's default
    bool failures_given = false;
    for (const Directive& directive : block.children) {
        if (directive.name == "server")
            add_endpoint(directive, upstream, failures_given);
        else
            set_option(directive, upstream);
    }
    if (!upstream.endpoints.empty() && std::ranges::all_of(upstream.endpoints, &Endpoint::backup))
        notes_.changed(block, "every endpoint is a backup; nginx refuses that");
    const std::string name = fresh_name(block.arg(0), taken_);
    if (name != block.arg(0)) notes_.changed(block, fmt::format("is named \"{}\" here", name));
    names_[lower(block.arg(0))] = name;
    model_.upstreams[name] = std::move(upstream);
}

void Upstreams::add_endpoint(const Directive& server, Upstream& upstream, bool& failures_given) {
    std::string why;
    const auto address = endpoint_address(server.arg(0), &why);
    if (!address) return notes_.lost(server, why);
    Endpoint endpoint;
    endpoint.address = *address;
    for (std::size_t i = 1; i < server.args.size(); ++i) {
        const std::string& word = server.args[i];
        if (const auto weight = option(word, "weight")) {
            endpoint.weight =
                std::min(number_value(*weight).value_or(1), static_cast<std::uint32_t>(limits::kEndpointWeight));
        } else if (const auto most = option(word, "max_conns")) {
            endpoint.max_connections = number_value(*most).value_or(0);
        } else if (word == "backup") {
            endpoint.backup = true;
        } else if (word == "down") {
            endpoint.state = EndpointState::maint;
        } else if (word == "drain") {
            endpoint.state = EndpointState::drain;
        } else if (const auto time = option(word, "slow_start")) {
            upstream.slow_start = time_value(*time).value_or(Duration{0});
        } else if (word == "resolve") {
            notes_.unneeded(server, "\"resolve\": names are looked up again by themselves, whenever their TTL is over");
        } else if (!word.starts_with("max_fails=") && !word.starts_with("fail_timeout=")) {
            notes_.lost(server, fmt::format("\"{}\" {}", word, kNoCounterpart));
        }
    }
    read_failures(server, upstream, failures_given);
    const auto same = std::ranges::find(upstream.endpoints, endpoint.address, &Endpoint::address);
    if (same == upstream.endpoints.end()) {
        upstream.endpoints.push_back(std::move(endpoint));
    } else {
        same->weight += endpoint.weight;
        notes_.changed(server,
                       fmt::format("{} is there twice: one endpoint with weight {}", address->text(), same->weight));
    }
}

void Upstreams::read_failures(const Directive& server, Upstream& upstream, bool& given) {
    std::optional<std::uint32_t> fails;
    std::optional<Duration> timeout;
    for (const auto& word : server.args) {
        if (const auto text = option(word, "max_fails")) fails = number_value(*text);
        if (const auto text = option(word, "fail_timeout")) timeout = time_value(*text);
    }
    if (!fails && !timeout) return;
    // nginx: max_fails failures within fail_timeout take a server out for fail_timeout, one failure in 10 s by default.
    Ejection ejection;
    // Out for no time at all: nginx's way of saying never.
    const bool never = timeout == Duration{0};
    if (never) timeout.reset();
    ejection.consecutive_failures = never ? 0 : fails.value_or(1);
    ejection.base_time = std::clamp(timeout.value_or(10s), Duration{1}, Duration{limits::kDuration});
    ejection.max_time = std::max(ejection.base_time, ejection.max_time);
    if (!given) {
        upstream.ejection = ejection;
        notes_.changed(server,
                       "max_fails and fail_timeout become \"ejection\": failures in a row, for the whole upstream; "
                       "see ejection.max_ejected_percent for how many may be out at once");
    } else if (!(upstream.ejection == ejection)) {
        notes_.changed(server,
                       "max_fails and fail_timeout differ between endpoints; those of the first are used for all");
    }
    given = true;
}

void Upstreams::set_hash(const Directive& directive, Upstream& upstream) {
    const auto variable = only_variable(parse_text(directive.arg(0)));
    const auto key = variable ? key_of(*variable) : std::nullopt;
    if (!key)
        return notes_.lost(
            directive,
            "this key has no counterpart: choose one such as header:X-User, cookie:uid, query:q, path or client");
    upstream.balance = {Balance::Kind::hash, *key};
    if (*variable == "request_uri") notes_.changed(directive, "hashes the path without the query");
    if (directive.arg(1) != "consistent")
        notes_.changed(directive, "Switchyard's hash is always consistent: fewer keys move when endpoints change");
    else
        notes_.changed(directive,
                       "the same keys stay together, but which endpoint gets which differs: the hash is another");
}

// Cookies of Switchyard's are HttpOnly, and for the whole host, where nginx says nothing.
void Upstreams::set_session_cookie(const Directive& directive, StickySession& session) {
    session.cookie = directive.arg(1);
    CookieAttributes& out = session.attributes;
    for (std::size_t i = 2; i < directive.args.size(); ++i) {
        const std::string& word = directive.args[i];
        if (word == "secure") {
            out.secure = true;
        } else if (const auto domain = option(word, "domain")) {
            out.domain = *domain;
        } else if (const auto path = option(word, "path"); path && path->starts_with('/')) {
            out.path = *path;
        } else if (const auto expires = option(word, "expires"); expires && *expires != "max") {
            out.max_age = std::clamp(time_value(*expires).value_or(0s), Duration{0}, Duration{limits::kCookieAge});
        } else if (expires) {
            out.max_age = Duration{limits::kCookieAge};
        } else if (const auto site = option(word, "samesite"); site && is_same_site(lower(*site))) {
            out.same_site = lower(*site);
        } else if (word != "httponly") {
            notes_.changed(directive, fmt::format("{} is not carried over", word));
        }
    }
    if (out.same_site == "none" && !out.secure) {
        out.same_site = "lax";
        notes_.changed(directive, "samesite=none without secure is refused by browsers: it becomes lax");
    }
}

void Upstreams::set_option(const Directive& directive, Upstream& upstream) {
    const std::string& name = directive.name;
    if (name == "ip_hash") {
        upstream.balance = {Balance::Kind::ip_hash, {}};
        notes_.changed(directive, "clients stay on one endpoint, but which gets which differs: the hash is another");
    } else if (name == "least_conn") {
        upstream.balance = {Balance::Kind::least_connections, {}};
    } else if (name == "random") {
        const bool by_time = directive.arg(1).starts_with("least_time");
        upstream.balance = {by_time ? Balance::Kind::peak_ewma : Balance::Kind::random_two, {}};
        if (by_time)
            notes_.changed(directive, "becomes peak_ewma: of two the one that answers faster and is less busy");
        if (directive.arg(0) != "two") notes_.changed(directive, "Switchyard takes the better of two by chance");
    } else if (name == "least_time") {
        upstream.balance = {Balance::Kind::peak_ewma, {}};
        notes_.changed(directive, "becomes peak_ewma, which also prefers the endpoint that answers fastest");
    } else if (name == "hash") {
        set_hash(directive, upstream);
    } else if (name == "keepalive") {
        upstream.keepalive.max_idle = std::min(number_value(directive.arg(0)).value_or(Keepalive{}.max_idle),
                                               static_cast<std::uint32_t>(limits::kConnections));
        notes_.changed(directive, "counts idle connections per endpoint here, per upstream in nginx");
    } else if (name == "keepalive_timeout") {
        upstream.keepalive.idle_timeout = std::clamp(time_value(directive.arg(0)).value_or(Keepalive{}.idle_timeout),
                                                     Duration{1}, Duration{limits::kDuration});
    } else if (name == "sticky" && directive.arg(0) == "cookie") {
        set_session_cookie(directive, upstream.sticky_session);
    } else if (name == "queue") {
        upstream.queue_limit =
            std::min(number_value(directive.arg(0)).value_or(0), static_cast<std::uint32_t>(limits::kQueue));
        const auto timeout = time_value(option(directive.arg(1), "timeout").value_or("60s"));
        upstream.timeouts.queue = std::clamp(timeout.value_or(60s), Duration{1}, Duration{limits::kDuration});
    } else if (is_resolver_directive(name)) {
        // Read before, with all the others.
    } else if (name == "state") {
        notes_.lost(directive, "the servers in that file are not read: add them as endpoints");
    } else if (name == "zone" || name == "keepalive_requests" || name == "keepalive_time") {
        notes_.unneeded(directive, "Switchyard needs no such setting");
    } else {
        notes_.lost(directive, std::string(kNoCounterpart));
    }
}

namespace {

EndpointProtocol protocol_of(bool calls) {
    return calls ? EndpointProtocol::http2 : EndpointProtocol::http1;
}

}  // namespace

std::optional<std::string> Upstreams::find(const std::string& host, const Directive& where, bool calls) {
    const auto name = named(host, where);
    return name ? std::optional(spoken_to(*name, {std::nullopt, protocol_of(calls)}, where)) : std::nullopt;
}

std::optional<std::string> Upstreams::find_secure(const std::string& host, const Settings& settings,
                                                  const Directive& where, bool calls) {
    // nginx fills in port 443 here.
    const bool block = names_.contains(lower(host));
    const bool has_port =
        host.starts_with("unix:") || host.find(':', host.starts_with('[') ? host.find(']') : 0) != host.npos;
    const auto name = named(block || has_port ? host : host + ":443", where);
    if (!name) return std::nullopt;
    return spoken_to(*name, {upstream_tls(settings, host, folder_, model_, notes_, where), protocol_of(calls)}, where);
}

std::string Upstreams::spoken_to(const std::string& name, const Way& way, const Directive& where) {
    const auto speak = [&way](Upstream& upstream) {
        upstream.tls = way.tls;
        upstream.protocol = way.protocol;
    };
    bool first = true;
    for (const Known& known : ways_) {
        if (known.block != name) continue;
        if (known.way == way) return known.name;
        first = false;
    }
    if (first) {
        speak(model_.upstreams.at(name));
        ways_.push_back({name, way, name});
        return name;
    }
    Upstream other = model_.upstreams.at(name);
    speak(other);
    const bool calls = way.protocol == EndpointProtocol::http2;
    const std::string own = fresh_name(name + (calls ? "-grpc" : way.tls ? "-tls" : "-clear"), taken_);
    notes_.changed(where, fmt::format("how an upstream is spoken to is its own here: it is there again as {}", own));
    if (implied(name)) implied_.insert(own);
    model_.upstreams[own] = std::move(other);
    ways_.push_back({name, way, own});
    return own;
}

std::optional<std::string> Upstreams::named(const std::string& host, const Directive& where) {
    if (const auto known = names_.find(lower(host)); known != names_.end()) return known->second;
    std::string why;
    const auto address = endpoint_address(host, &why);
    if (!address) {
        notes_.lost(where, fmt::format("\"{}\" is neither an upstream nor an address: {}", host, why));
        return std::nullopt;
    }
    Upstream upstream;
    upstream.balance.kind = Balance::Kind::weighted_round_robin;
    upstream.endpoints = {{*address}};
    const std::string name = fresh_name(host, taken_);
    names_[lower(host)] = name;
    implied_.insert(name);
    model_.upstreams[name] = std::move(upstream);
    return name;
}

}  // namespace switchyard::config::nginx
