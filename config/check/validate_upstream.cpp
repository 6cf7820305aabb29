#include <algorithm>
#include <map>
#include <set>

#include "config/check/checks.h"
#include "config/check/http_syntax.h"
#include "config/model/limits.h"

namespace switchyard::config {

namespace {

void check_endpoints(Checks& checks, const std::string& at, const Upstream& upstream) {
    std::map<Address, std::size_t> addresses;
    for (std::size_t i = 0; i < upstream.endpoints.size(); ++i) {
        const Address& address = upstream.endpoints[i].address;
        const std::string here = pointer_to(at + "/endpoints", i) + "/address";
        if (address.host.empty()) {
            checks.fail(here, "expected an address");
            continue;
        }
        if (address.kind != Address::Kind::unix_path && address.port == 0)
            checks.fail(here, fmt::format("{}: expected a port from 1 to 65535", address.text()));
        if (const auto [first, fresh] = addresses.emplace(address, i); !fresh)
            checks.fail(here, fmt::format("endpoint {} is there already, as number {}", address.text(), first->second));
    }
}

// What the check does not look at would leave the operator in the belief that it is checked. Where there is no check at
// all it may stand for later.
void check_unlooked(Checks& checks, const std::string& at, const Health& health) {
    using Type = Health::Type;
    if (health.type == Type::none || health.type == Type::http) return;
    const Health plain;
    const auto idle = [&](std::string_view key, bool there) {
        if (there)
            checks.fail(
                pointer_to(at, key),
                fmt::format("{}: say \"type\": \"http\", or leave it out",
                            health.type == Type::tcp ? "a check of type tcp only connects and looks at no answer"
                            : health.type == Type::exec
                                ? "a check of type exec runs a program, whose exit code is all that counts"
                                : "a check of gRPC asks and is answered in its own words"));
    };
    idle("path", health.path != plain.path);
    idle("host", health.type != Type::grpc && health.host != plain.host);
    idle("method", health.method != plain.method);
    idle("headers", health.headers != plain.headers);
    idle("body_matches", health.body_matches != plain.body_matches);
    idle("expect", health.expect != plain.expect);
    idle("drain", !health.drain.none());
}

void check_drain_signs(Checks& checks, const std::string& at, const Health& health) {
    const DrainSigns& signs = health.drain;
    if (!signs.header.empty()) checks.header_name(at + "/header", signs.header);
    for (std::size_t i = 0; i < signs.statuses.size(); ++i) {
        const auto well = std::ranges::find_if(health.expect, [&](const StatusRange& one) {
            return signs.statuses[i].first <= one.last && one.first <= signs.statuses[i].last;
        });
        if (well != health.expect.end())
            checks.fail(pointer_to(at + "/statuses", i),
                        fmt::format("{} would say both: an answer of {} is well, by \"expect\"",
                                    signs.statuses[i].text(), well->text()));
    }
}

// Which programs there are stands in the file alone: through the API one of them is named, and none is brought.
void check_program_name(Checks& checks, const std::string& at, const Health& health) {
    const bool runs = health.type == Health::Type::exec;
    const auto& programs = checks.model.process.checks;
    if (!runs && !health.check.empty())
        checks.fail(at, "only a check of type exec runs a program: say \"type\": \"exec\", or leave it out");
    if (!runs || programs.contains(health.check)) return;
    std::vector<std::string> names;
    for (const auto& [name, words] : programs) names.push_back(name);
    if (health.check.empty())
        checks.fail(at, "say which program looks: the name of one of process.checks");
    else if (names.empty())
        checks.fail(
            at, fmt::format("process.checks has no programs: \"{}\" has to stand there, in the file", health.check));
    else
        checks.fail(at, "process.checks has no " + unknown_word(health.check, names));
}

void check_health(Checks& checks, const std::string& at, const Health& health) {
    if (!health.path.starts_with('/') || !is_field_value(health.path) || health.path.find(' ') != std::string::npos)
        checks.fail(at + "/path", fmt::format("\"{}\": expected a path that begins with '/'", health.path));
    checks.text(at + "/path", health.path, limits::kHeaderValueLength);
    if (!is_field_value(health.host) || health.host.find(' ') != std::string::npos)
        checks.fail(at + "/host", "expected a host name");
    checks.text(at + "/host", health.host, limits::kHeaderValueLength);
    if (!health.service.empty() && health.type != Health::Type::grpc)
        checks.fail(at + "/service",
                    "only a check of gRPC asks about a service: say \"type\": \"grpc\", or leave it out");
    checks.text(at + "/service", health.service, limits::kHeaderValueLength);
    check_program_name(checks, at + "/check", health);
    for (const auto& [name, value] : health.headers) {
        const std::string here = pointer_to(at + "/headers", name);
        checks.header_name(here, name);
        if (is_hop_header(name) || same_header(name, "host") || same_header(name, "content-length"))
            checks.fail(here, fmt::format("{} is written by the check itself{}", name,
                                          same_header(name, "host") ? ": see \"host\"" : ""));
        if (!is_field_value(value))
            checks.fail(here, "a header value has no control characters and no space at its ends");
        checks.text(here, value, limits::kHeaderValueLength);
    }
    if (!health.body_matches.empty()) check_pattern(checks, at + "/body_matches", health.body_matches);
    if (!health.body_matches.empty() && health.method == "HEAD")
        checks.fail(at + "/body_matches", "an answer to HEAD has no body");
    check_drain_signs(checks, at + "/drain", health);
    if (health.expect.empty()) checks.fail(at + "/expect", "expected at least one status code");
}

void check_fallback(Checks& checks, const std::string& at, const std::string& name, const Breaker& breaker) {
    if (breaker.fallback.empty()) return;
    checks.upstream_exists(at, breaker.fallback);
    std::set<std::string> seen;
    for (std::string next = breaker.fallback; seen.insert(next).second;) {
        if (next == name) return checks.fail(at, fmt::format("upstream \"{}\" falls back to itself", name));
        const auto upstream = checks.model.upstreams.find(next);
        if (upstream == checks.model.upstreams.end()) return;
        next = upstream->second.breaker.fallback;
    }
}

void check_slowness(Checks& checks, const std::string& at, const Breaker& breaker) {
    if (breaker.slow_percent != 0 && breaker.slow_over.count() == 0)
        checks.fail(at + "/slow_over", "slow_percent needs to know from which time on an answer is slow: say \"1s\"");
    if (breaker.slow_percent == 0 && breaker.slow_over.count() != 0)
        checks.fail(at + "/slow_percent",
                    "slow_over alone opens nothing: say which share of slow answers does, or leave slow_over out");
}

void check_protocol(Checks& checks, const std::string& at, const Upstream& upstream) {
    if (upstream.protocol == EndpointProtocol::automatic && !upstream.tls)
        checks.fail(at, "auto is chosen when TLS begins: give the upstream tls, or say h2 or http/1.1");
    if (upstream.protocol != EndpointProtocol::http1 && upstream.send_proxy_protocol != 0)
        checks.fail(at,
                    "a connection that begins with a PROXY header speaks for one client, and those of HTTP/2 are "
                    "shared: say http/1.1, or send_proxy_protocol 0");
}

// Upstreams have no jwt of their own: a claim is trustworthy only if every route that leads here verifies it.
bool claims_are_verified(const Model& model, const std::string& name) {
    for (const Route& route : model.routes) {
        bool leads_here = false;
        for (const auto& [upstream, weight] : route.split) leads_here |= upstream == name;
        for (const Rule& rule : route.rules) leads_here |= rule.upstream == name || rule.fallback == name;
        if (leads_here && route.jwt.algorithm.empty()) return false;
    }
    return true;
}

}  // namespace

void check_upstream(Checks& checks, const std::string& at, const std::string& name, const Upstream& upstream) {
    checks.name(at, name);
    check_endpoints(checks, at, upstream);
    check_discovery(checks, at, upstream);
    if (upstream.balance.kind == Balance::Kind::hash) {
        const Key& key = upstream.balance.hash_key;
        checks.key(at + "/balance/hash", key,
                   key.source == Key::Source::claim && claims_are_verified(checks.model, name));
    }
    check_health(checks, at + "/health", upstream.health);
    if (!checks.health_in_force(name, upstream.health)) check_unlooked(checks, at + "/health", upstream.health);
    if (upstream.health.type == Health::Type::grpc && upstream.protocol == EndpointProtocol::http1)
        checks.fail(
            at + "/health/type",
            "calls of gRPC are HTTP/2, and the upstream is spoken to in HTTP/1.1: give it \"protocol\": \"h2\"");
    if (upstream.tls) check_upstream_tls(checks, at + "/tls", upstream);
    check_protocol(checks, at + "/protocol", upstream);
    if (upstream.ejection.base_time > upstream.ejection.max_time)
        checks.fail(at + "/ejection/base_time", "is longer than max_time");
    check_fallback(checks, at + "/breaker/fallback", name, upstream.breaker);
    check_slowness(checks, at + "/breaker", upstream.breaker);
    checks.text(at + "/breaker/static_body", upstream.breaker.static_body, limits::kBodyLength);
    const std::string& cookie = upstream.sticky_session.cookie;
    if (!cookie.empty() && !is_token(cookie))
        checks.fail(at + "/sticky_session/cookie", fmt::format("\"{}\" is no cookie name", cookie));
    check_cookie(checks, at + "/sticky_session", cookie, upstream.sticky_session.attributes);
}

}  // namespace switchyard::config
