#include "tests/support/random_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/check/validate.h"
#include "tests/support/random_values.h"

namespace switchyard::config {

namespace {

Condition random_test(Dice& dice, bool claims) {
    using Test = Condition::Test;
    static const std::vector<Test> kTests{Test::present, Test::equals, Test::in, Test::prefix, Test::matches};
    Condition test;
    test.key = random_key(dice, claims, false);
    test.test = test.key.source == Key::Source::client ? Test::in : dice.of(kTests);
    if (test.test == Test::present) return test;
    const auto count = test.test == Test::in ? dice.between(1, 3) : 1;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (test.key.source == Key::Source::client)
            test.values.push_back(random_cidr(dice));
        else if (test.test == Test::matches)
            test.values.push_back(dice.chance(0.5) ? "^/a[0-9]+\\.html$" : "(x|y){2,3}");
        else if (test.key.source == Key::Source::method)
            test.values.push_back(dice.chance(0.5) ? "GET" : "PATCH");
        else
            test.values.push_back(dice.text());
    }
    return test;
}

Condition condition(Dice& dice, bool claims, int depth) {
    using Kind = Condition::Kind;
    if (depth <= 0 || dice.chance(0.6)) return random_test(dice, claims);
    Condition tree;
    static const std::vector<Kind> kKinds{Kind::all, Kind::any, Kind::negate};
    tree.kind = dice.of(kKinds);
    const auto count = tree.kind == Kind::negate ? 1 : dice.between(1, 3);
    for (std::uint32_t i = 0; i < count; ++i) tree.children.push_back(condition(dice, claims, depth - 1));
    return tree;
}

Access access(Dice& dice) {
    Access out;
    maybe(dice, [&] { out.allow = {"10.1.0.0/16", "unix", "2001:db8:1::/48"}; });
    maybe(dice, [&] { out.deny = {random_cidr(dice), "10.1.2.3"}; });
    maybe(dice, [&] { (dice.chance(0.5) ? out.allow : out.deny).emplace_back("all"); });
    return out;
}

const std::vector<Role> kRoles{Role::viewer, Role::operate, Role::admin};

ClientCertificates client_certificates(Dice& dice) {
    ClientCertificates out;
    out.mode = dice.chance(0.5) ? "optional" : "required";
    out.ca = "/tls/staff.pem";
    // Often: inside of others it is seldom that it is asked at all.
    if (dice.chance(0.8)) out.crl = "/tls/staff.crl";
    maybe(dice, [&] { out.depth = dice.between(0, 10); });
    maybe(dice, [&] { out.forward = true; });
    return out;
}

Process process(Dice& dice, const std::vector<std::string>& certificates) {
    Process out;
    maybe(dice, [&] { out.workers = dice.between(1, 64); });
    maybe(dice, [&] { out.state_dir = "/var/tmp/" + dice.word(); });
    maybe(dice, [&] {
        static const std::vector<std::string> kServers{"10.0.0.2", "127.0.0.1:5353", "2001:db8::53", "[::1]:53"};
        out.resolver = {{kServers.begin(), kServers.begin() + dice.upto(4)},
                        std::chrono::milliseconds(dice.between(10, 60'000)),
                        dice.between(1, 10)};
    });
    maybe(dice, [&] {
        out.sources.consul = {"https://consul.internal:8501", Secret(Secret::From::env, "CONSUL_TOKEN"), "/etc/ca.pem"};
        out.sources.etcd = {{"http://[::1]:2379", "https://etcd"}, "user", dice.text(), "/etc/etcd.pem"};
        out.sources.kubernetes = {"https://10.96.0.1:443", "/run/token", dice.chance(0.5) ? "" : "/run/ca.crt"};
    });
    maybe(dice, [&] { out.shutdown_grace = dice.chance(0.3) ? 0ms : dice.duration(); });
    maybe(dice, [&] { out.keep_generations = dice.upto(10'000); });
    maybe(dice, [&] { out.keep_rollouts = dice.upto(10'000); });
    maybe(dice, [&] { out.watch_file = true; });
    maybe(dice, [&] {
        for (std::uint32_t i = 0; i < dice.between(1, 3); ++i)
            out.admin.tokens.push_back({fmt::format("t{}", i), dice.of(kRoles), std::string(64, "0af"[dice.upto(2)])});
    });
    maybe(dice, [&] {
        out.admin.bind = {Address::Kind::ipv4, out.admin.tokens.empty() ? "127.0.0.2" : "0.0.0.0", 9901};
    });
    maybe(dice, [&] { out.admin.tls_certificate = "/etc/tls/cert.pem", out.admin.tls_key = "/etc/tls/key.pem"; });
    if (!certificates.empty() && out.admin.tls_certificate.empty())
        maybe(dice, [&] {
            out.admin.tls.emplace();
            out.admin.tls->certificates = certificates;
            maybe(dice, [&] { out.admin.tls->by_default = certificates.back(); });
            maybe(dice, [&] { out.admin.tls->min_version = "1.3"; });
            if (dice.chance(0.6)) {
                out.admin.tls->client = client_certificates(dice);
                // Often: so deep inside of others it is seldom that they are asked at all.
                if (dice.chance(0.8)) out.admin.clients.push_back({"spiffe://a/deploy", "", "", dice.of(kRoles)});
                if (dice.chance(0.8)) out.admin.clients.push_back({"", "ci.example", "", Role::viewer});
                if (dice.chance(0.8)) out.admin.clients.push_back({"", "", std::string(64, 'a'), Role::admin});
            }
        });
    maybe(dice, [&] { out.admin.rollout_urls = {"http://prometheus.example:9090/api", "http://[::1]"}; });
    maybe(dice, [&] {
        out.admin.rollout_urls.emplace_back("https://hooks.example/switchyard");
        out.admin.rollout_ca_file = "/etc/tls/hooks.pem";
    });
    maybe(dice,
          [&] { out.admin.rollout_certificate = "/etc/tls/proxy.pem", out.admin.rollout_key = "/etc/tls/proxy.key"; });
    maybe(dice, [&] { out.log = {dice.chance(0.5) ? "debug" : "error", dice.chance(0.5) ? "text" : "json", "-"}; });
    return out;
}

Acme acme(Dice& dice) {
    Acme out;
    out.names = {"shop.example"};
    maybe(dice, [&] { out.names.emplace_back("www.shop.example"); });
    maybe(dice, [&] { out.email = "admin@shop.example"; });
    maybe(dice, [&] { out.directory = "https://ca.example:14000/dir"; });
    maybe(dice, [&] { out.ca = "/etc/tls/ca.pem"; });
    maybe(dice, [&] { out.challenge = "tls-alpn-01"; });
    maybe(dice, [&] { out.account = AccountBinding{"kid-1", "/etc/tls/eab.key"}; });
    return out;
}

Listener listener(Dice& dice, std::uint32_t number, const std::vector<std::string>& certificates) {
    Listener out;
    maybe(dice, [&] { out.access = access(dice); });
    out.name = fmt::format("web-{}", number);
    out.bind = random_address(dice, 8000 + number);
    maybe(dice, [&] { out.max_connections = dice.between(1, 100'000); });
    maybe(dice, [&] { out.proxy_protocol = true; });
    maybe(dice, [&] {
        out.trusted_proxies = {random_cidr(dice), random_cidr(dice)};
        if (dice.chance(0.5)) out.trusted_proxies.emplace_back(kUnixPeers);
        if (dice.chance(0.5)) out.client_header = dice.chance(0.5) ? "X-Real-IP" : "Forwarded";
    });
    maybe(dice, [&] { out.head_timeout = dice.duration(); });
    maybe(dice, [&] { out.idle_timeout = dice.duration(); });
    maybe(dice, [&] { out.min_rate = dice.chance(0.5) ? 1024 * dice.between(1, 99) : dice.between(1, 999'999); });
    maybe(dice, [&] { out.forwarded = true; });
    if (certificates.empty() || dice.chance(0.5)) {
        out.redirect_https = dice.chance(0.2);
        if (dice.chance(0.3)) out.protocols.emplace_back(dice.chance(0.5) ? kHttp1 : kHttp2);
        maybe(dice, [&] { out.acme_challenges = "/var/www/challenges"; });
        return out;
    }
    out.tls.emplace();
    for (const auto& name : certificates)
        if (out.tls->certificates.empty() || dice.chance(0.5)) out.tls->certificates.push_back(name);
    maybe(dice, [&] { out.tls->by_default = out.tls->certificates.back(); });
    maybe(dice, [&] { out.tls->strict_sni = true; });
    maybe(dice, [&] { out.tls->min_version = "1.3"; });
    maybe(dice, [&] { out.tls->ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:!aNULL"; });
    maybe(dice, [&] { out.tls->handshake_timeout = dice.duration(); });
    maybe(dice, [&] { out.tls->max_handshakes_per_second = dice.upto(999); });
    maybe(dice, [&] { out.tls->client = client_certificates(dice); });
    maybe(dice, [&] { out.tls->hosts["admin.example"].client = client_certificates(dice); });
    maybe(dice, [&] { out.tls->hosts["*.open.example"]; });
    return out;
}

HeaderEdits header_edits(Dice& dice) {
    HeaderEdits out;
    maybe(dice, [&] { out.set = {{"X-Env", "prod"}, {"x-odd~name", "\"quoted\", ü"}, {"X-Empty", ""}}; });
    maybe(dice, [&] { out.add = {{"Via", "1.1 switchyard"}}; });
    maybe(dice, [&] { out.remove = {"X-Debug", "Server"}; });
    return out;
}

Match match(Dice& dice, std::uint32_t number, const std::vector<std::string>& listeners) {
    Match out;
    maybe(dice, [&] { out.hosts = {"forum.example", "*.forum.example", "[::1]", "192.0.2.1"}; });
    maybe(dice, [&] { out.methods = {"GET", "M-SEARCH"}; });
    if (!listeners.empty()) maybe(dice, [&] { out.listeners = {dice.of(listeners)}; });
    // The number keeps matches apart: two equal ones would be an error.
    if (dice.chance(0.3))
        out.path_exact = fmt::format("/exact/{}", number);
    else
        out.path_prefix = fmt::format("/p/{}{}", number, dice.chance(0.5) ? "/" : "");
    if (out.path_exact.empty()) {
        maybe(dice, [&] {
            out.path_matches = dice.chance(0.5) ? "^/p/(x+)\\.html$" : "(a|b)";
            out.before_prefixes = dice.chance(0.5);
        });
        if (!out.before_prefixes) maybe(dice, [&] { out.before_expressions = true; });
    }
    if (out.hosts.empty()) maybe(dice, [&] { out.host_matches = "^(www\\.)?forum"; });
    return out;
}

void serve_by_split(Dice& dice, Route& out, const std::vector<std::string>& upstreams, bool claims) {
    std::vector<std::string> order = upstreams;
    std::ranges::rotate(order, order.begin() + dice.upto(static_cast<std::uint32_t>(order.size() - 1)));
    for (const auto& name : order)
        if (out.split.empty() || dice.chance(0.5)) out.split.emplace_back(name, dice.upto(100));
    out.split.front().second += 1;
    if (out.split.size() == 2 && dice.chance(0.2)) {
        out.split.back().second = out.split.front().second;
        out.candidate = out.split[dice.upto(1)].first;
    }
    const auto rules = dice.upto(3);
    for (std::uint32_t i = 0; i < rules; ++i)
        if (dice.chance(0.2))
            out.rules.push_back({fmt::format("rule-{}", i),
                                 condition(dice, claims, 4),
                                 "",
                                 "",
                                 {},
                                 static_cast<std::uint16_t>(dice.between(400, 599))});
        else if (dice.chance(0.8))
            out.rules.push_back({fmt::format("rule-{}", i), condition(dice, claims, 4), dice.of(upstreams), "", {}});
        else
            out.rules.push_back({fmt::format("rule-{}", i),
                                 condition(dice, claims, 4),
                                 "",
                                 "",
                                 {403, dice.text(), dice.chance(0.5) ? "text/html" : "text/plain"}});
    maybe(dice, [&] {
        for (auto& rule : out.rules)
            if (auto fallback = dice.of(upstreams); !rule.upstream.empty() && fallback != rule.upstream)
                rule.fallback = std::move(fallback);
    });
    maybe(dice, [&] {
        out.sticky.emplace();
        out.sticky->key = random_key(dice, claims, true);
        out.sticky->mint = out.sticky->key.source == Key::Source::cookie && dice.chance(0.5);
        out.sticky->missing = static_cast<Sticky::Missing>(dice.upto(2));
        out.sticky->salt = dice.text();
    });
    maybe(dice, [&] { out.rewrite = {{"^/(p)/", "/{1}?a=b&{query}"}, {"", "/elsewhere{path}"}}; });
    maybe(dice, [&] {
        out.answers.location = {{"http://app.internal/", "/p/"}, {"/", "https://{host}/"}};
        out.answers.cookie_domain = {{".internal", "example.org"}};
        out.answers.cookie_path = {{"/", "/p/"}};
    });
    maybe(dice, [&] { out.expires = dice.chance(0.5) ? "90s" : "no-cache"; });
    if (!out.rewrite.empty()) return;
    maybe(dice, [&] {
        out.forwarded_prefix = dice.chance(0.5);
        out.strip_prefix = out.match.path_exact.empty() ? "/p" : "/exact/";
        out.replace_prefix = dice.chance(0.5) ? "/new" : "";
    });
}

Route route(Dice& dice, std::uint32_t number, const std::vector<std::string>& upstreams,
            const std::vector<std::string>& listeners) {
    Route out;
    out.name = fmt::format("route.{}", number);
    out.match = match(dice, number, listeners);
    maybe(dice, [&] { out.access = access(dice); });
    // Every route verifies claims, so that upstreams may be hashed by one.
    out.jwt.algorithm = "HS256";
    if (dice.chance(0.5))
        out.jwt.key = dice.chance(0.7)   ? Secret("s3cret " + dice.text())
                      : dice.chance(0.5) ? Secret(Secret::From::env, "KEY_OF_NOBODY")
                                         : Secret(Secret::From::file, "/nowhere/key");
    else
        out.jwt.key_file = "/etc/key.pem";
    maybe(dice, [&] { out.jwt.header = "X-Token"; });
    switch (dice.upto(5)) {
        case 0:
            out.redirect = {"https://{host}/new{path}?{query}",
                            dice.chance(0.5) ? std::uint16_t{308} : std::uint16_t{302}};
            break;
        case 1:
            out.respond = {static_cast<std::uint16_t>(dice.between(200, 599)), dice.text(),
                           dice.chance(0.5) ? "text/html; charset=utf-8" : "text/plain"};
            break;
        default:
            serve_by_split(dice, out, upstreams, true);
            break;
    }
    maybe(dice, [&] { out.request_headers = header_edits(dice); });
    maybe(dice, [&] { out.response_headers = header_edits(dice); });
    maybe(dice, [&] { out.limits.body = dice.chance(0.5) ? 1048576 * dice.between(1, 99) : dice.between(1, 9999); });
    maybe(dice, [&] { out.limits.in_flight = dice.between(1, 9999); });
    maybe(dice, [&] {
        out.limits.rate = {random_key(dice, true, false), dice.between(1, 999), dice.duration(), dice.upto(99)};
    });
    maybe(dice, [&] {
        out.timeouts = {dice.duration(), dice.duration(), dice.duration(), dice.duration(), dice.duration()};
    });
    maybe(dice, [&] {
        out.retries = {dice.between(1, 10), dice.upto(100), {}, dice.duration(), dice.duration()};
        out.retries.on = {StatusRange::one(429), StatusRange::of_class(5)};
    });
    maybe(dice, [&] { out.debug_headers = true; });
    maybe(dice, [&] { out.abort_on_close = true; });
    maybe(dice, [&] { out.allow_connect = true; });
    maybe(dice, [&] { out.reroute = false; });
    maybe(dice, [&] { out.error_pages = {{"404", "/srv/404.html"}, {"5xx", "/srv/sorry.html"}}; });
    maybe(dice, [&] { out.allow_trailers = {"Grpc-Status", "Server-Timing"}; });
    maybe(dice, [&] { out.grpc = {{"INTERNAL"}, {"UNAVAILABLE", "ABORTED"}}; });
    if (!out.split.empty())
        maybe(dice, [&] {
            out.compress.encodings = {Encoding::brotli, Encoding::gzip};
            out.compress.types = {"text/*", "application/json"};
            out.compress.min_size = 100;
            out.compress.gzip_level = 2;
            out.compress.brotli_level = 3;
            out.compress.zstd_level = 9;
        });
    if (!out.split.empty())
        maybe(dice, [&] {
            out.hold.until = "2036-11-20T12:00:00Z";
            out.hold.limit = dice.between(1, 9999);
            if (dice.chance(0.5)) out.hold.respond = {503, dice.text(), "text/html"};
        });
    return out;
}

}  // namespace

Condition random_condition(Rng& rng, bool claims, int depth) {
    Dice dice(rng);
    return condition(dice, claims, depth);
}

Model random_model(Rng& rng) {
    Dice dice(rng);
    Model model;
    std::vector<std::string> certificates;
    for (const auto* name : {"shop", "Wild.card"})
        maybe(dice, [&] {
            model.certificates[name] = {fmt::format("/etc/tls/{}.pem", name), fmt::format("/etc/tls/{}.key", name)};
            maybe(dice, [&] { model.certificates[name] = {{}, {}, acme(dice)}; });
            certificates.emplace_back(name);
        });
    maybe(dice, [&] { model.process = process(dice, certificates); });
    for (std::uint32_t i = 0, count = dice.upto(3); i < count; ++i)
        model.listeners.push_back(listener(dice, i, certificates));
    std::vector<std::string> names;
    for (const auto* name : {"blue", "green", "Red_3", "v1.2-rc"}) {
        // Only earlier ones may be fallen back to: no circles.
        if (names.empty() || dice.chance(0.6)) {
            model.upstreams[name] = random_upstream(dice, names, true);
            if (auto& tls = model.upstreams[name].tls; tls && !certificates.empty())
                maybe(dice, [&] { tls->certificate = certificates.front(); });
            names.emplace_back(name);
        }
    }
    std::vector<std::string> listeners;
    for (const auto& made : model.listeners) listeners.push_back(made.name);
    for (std::uint32_t i = 0, count = dice.upto(4); i < count; ++i)
        model.routes.push_back(route(dice, i, names, listeners));
    return model;
}

Model random_edit(Rng& rng, const Model& model) {
    Dice dice(rng);
    // Trying again is simpler than knowing which edits fit; the unchanged model is the last resort.
    for (int attempt = 0; attempt < 20; ++attempt) {
        Model edited = model;
        const Model other = random_model(rng);
        switch (dice.upto(5)) {
            case 0:
                if (!edited.routes.empty() && !edited.routes[0].split.empty())
                    edited.routes[0].split[0].second = dice.between(1, 99);
                break;
            case 1:
                if (!edited.upstreams.empty()) edited.upstreams.begin()->second = other.upstreams.begin()->second;
                break;
            case 2:
                edited.listeners = other.listeners;
                break;
            case 3:
                edited.routes = other.routes;
                break;
            case 4:
                edited.upstreams.insert(other.upstreams.begin(), other.upstreams.end());
                break;
            default:
                if (edited.routes.size() > 1) std::swap(edited.routes[0], edited.routes[1]);
                break;
        }
        if (!(edited == model) && validate(edited).empty()) return edited;
    }
    return model;
}

}  // namespace switchyard::config
