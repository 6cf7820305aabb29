// Upstreams of random configurations.
#include "tests/support/random_values.h"

namespace switchyard::config {
namespace {

Discover discover(Dice& dice) {
    Discover out;
    switch (dice.upto(5)) {
        case 0:
            out.file = DiscoverFile{"/etc/switchyard/endpoints of\n.json"};
            break;
        case 1:
            out.dns = DiscoverDns{"app.internal", 9002, dice.chance(0.5) ? "any" : "ipv6"};
            break;
        case 2:
            out.srv = DiscoverSrv{"_http._tcp.app.internal."};
            break;
        case 3:
            out.etcd = DiscoverEtcd{"/services/ü/"};
            break;
        case 4:
            out.consul = DiscoverConsul{"green", {"v2", "a b"}, dice.chance(0.5) ? "" : "dc1"};
            break;
        default:
            out.kubernetes = DiscoverKubernetes{"shop", "green", dice.chance(0.5) ? "" : "http"};
    }
    return out;
}

void discovered(Dice& dice, Upstream& out) {
    out.discover = discover(dice);
    maybe(dice, [&] {
        out.discovery = {dice.duration(),
                         100ms + dice.duration(),
                         2h * 24 * 2,
                         dice.upto(100),
                         dice.duration(),
                         dice.chance(0.5),
                         {random_cidr(dice), "fd00::/8"},
                         dice.between(1, 10'000)};
    });
    maybe(dice, [&] {
        out.endpoint_overrides["203.0.113.7:9002"] = {EndpointState::drain, std::nullopt};
        out.endpoint_overrides["[2001:db8::99]:1"] = {EndpointState::up, dice.upto(65'535)};
    });
}

}  // namespace

Upstream random_upstream(Dice& dice, const std::vector<std::string>& fallbacks, bool claims) {
    Upstream out;
    const auto endpoints = dice.upto(4);
    for (std::uint32_t i = 0; i < endpoints; ++i) {
        Endpoint endpoint;
        endpoint.address = random_address(dice, 9000 + i);
        maybe(dice, [&] { endpoint.weight = dice.upto(100); });
        maybe(dice, [&] { endpoint.max_connections = dice.upto(1000); });
        maybe(dice, [&] { endpoint.backup = true; });
        maybe(dice, [&] { endpoint.state = dice.chance(0.5) ? EndpointState::drain : EndpointState::maint; });
        out.endpoints.push_back(endpoint);
    }
    maybe(dice, [&] { discovered(dice, out); });
    maybe(dice, [&] { out.balance.kind = static_cast<Balance::Kind>(dice.upto(5)); });
    if (out.balance.kind == Balance::Kind::hash) out.balance.hash_key = random_key(dice, claims, false);
    maybe(dice, [&] {
        out.health.type = static_cast<Health::Type>(dice.upto(2));
        maybe(dice, [&] { out.health.port = static_cast<std::uint16_t>(dice.between(1, 65'535)); });
        out.health.interval = dice.duration() + 10ms;
        out.health.timeout = dice.duration();
        out.health.rise = dice.between(1, 9);
        out.health.fall = dice.between(1, 9);
        maybe(dice, [&] { out.health.grace = dice.duration(); });
        if (out.health.type == Health::Type::tcp) return;  // looks at nothing of what follows
        out.health.path = "/ready?deep=1";
        out.health.host = dice.chance(0.5) ? "app.example" : "";
        maybe(dice, [&] { out.health.method = "HEAD"; });
        maybe(dice, [&] { out.health.headers = {{"X-Check", "yes"}, {"User-Agent", "probe"}}; });
        if (out.health.method != "HEAD") maybe(dice, [&] { out.health.body_matches = "\"ok\": *true"; });
        out.health.expect = {StatusRange::one(static_cast<std::uint16_t>(dice.between(100, 599))),
                             StatusRange::of_class(dice.between(1, 4))};
        maybe(dice, [&] { out.health.drain.header = "X-Draining"; });
        maybe(dice, [&] {
            out.health.expect = {StatusRange::of_class(2)};
            out.health.drain.statuses = {StatusRange::one(410), StatusRange::of_class(5)};
        });
    });
    maybe(dice, [&] {
        out.ejection.consecutive_failures = dice.upto(9);
        out.ejection.failure_percent = dice.upto(100);
        out.ejection.min_requests = dice.between(1, 99);
        out.ejection.window = 100ms + dice.duration();
        out.ejection.base_time = dice.duration();
        out.ejection.max_time = out.ejection.base_time + dice.duration();
        out.ejection.max_ejected_percent = dice.upto(100);
        out.ejection.panic_percent = dice.upto(100);
    });
    maybe(dice, [&] { out.timeouts = {dice.duration(), dice.duration(), dice.duration(), dice.duration()}; });
    maybe(dice, [&] {
        out.tls.emplace();
        out.tls->server_name = "app.internal";  // also where an endpoint is at a unix socket
        maybe(dice, [&] { out.tls->verify = false; });
        if (out.tls->verify) maybe(dice, [&] { out.tls->ca = "/tls/inside.pem"; });
        maybe(dice, [&] { out.tls->min_version = "1.3"; });
        maybe(dice, [&] { out.tls->lenient_close = true; });
    });
    maybe(dice, [&] { out.keepalive = {dice.upto(999), dice.duration()}; });
    maybe(dice, [&] {
        out.breaker.failure_percent = dice.upto(100);
        out.breaker.slow_percent = dice.upto(100);
        if (out.breaker.slow_percent != 0) out.breaker.slow_over = 1ms + dice.duration();
        out.breaker.min_requests = dice.between(1, 99);
        out.breaker.window = 100ms + dice.duration();
        out.breaker.open_time = dice.duration();
        if (!fallbacks.empty()) out.breaker.fallback = dice.of(fallbacks);
        out.breaker.static_status = static_cast<std::uint16_t>(dice.between(200, 599));
        out.breaker.static_body = dice.text();
    });
    maybe(dice, [&] {
        out.sticky_session.cookie = "endpoint";
        maybe(dice, [&] { out.sticky_session.attributes = {true, "none", ".app.example", "/app", dice.duration()}; });
    });
    maybe(dice, [&] { out.slow_start = dice.duration(); });
    maybe(dice, [&] { out.when_all_down = WhenAllDown::try_all; });
    maybe(dice, [&] { out.queue_limit = dice.upto(999); });
    maybe(dice, [&] { out.send_proxy_protocol = static_cast<std::uint8_t>(dice.upto(2)); });
    if (out.send_proxy_protocol == 0) maybe(dice, [&] { out.protocol = EndpointProtocol::http2; });
    if (out.protocol == EndpointProtocol::http2)
        maybe(dice, [&] {
            const std::string host = out.health.host;
            out.health = {};
            out.health.type = Health::Type::grpc;
            out.health.host = host;
            out.health.service = dice.chance(0.5) ? "shop.Cart" : "";
        });
    return out;
}

}  // namespace switchyard::config
