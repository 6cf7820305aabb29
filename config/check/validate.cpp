#include "config/check/validate.h"
#include "config/model/certificates_used.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "config/check/checks.h"
#include "config/check/http_syntax.h"
#include "config/model/cidr.h"
#include "config/model/limits.h"
#include "config/model/name_server.h"

namespace switchyard::config {

namespace {

void check_tokens(Checks& checks, const Admin& admin) {
    std::map<std::string, std::size_t> names;
    for (std::size_t i = 0; i < admin.tokens.size(); ++i) {
        const Token& token = admin.tokens[i];
        const std::string at = pointer_to("/process/admin/tokens", i);
        checks.name(at + "/name", token.name);
        if (const auto [first, fresh] = names.emplace(token.name, i); !fresh)
            checks.fail(at + "/name",
                        fmt::format("token \"{}\" is there already, as number {}", token.name, first->second));
        if (token.sha256.size() != 64 || token.sha256.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
            checks.fail(at + "/sha256",
                        "expected the SHA-256 of the token as 64 hex digits (printf %s TOKEN | sha256sum)");
    }
}

void check_admin_tls(Checks& checks, const Admin& admin) {
    const std::string at = "/process/admin";
    if (admin.tls) check_server_tls(checks, at, as_listener(*admin.tls));
    if (admin.tls && !admin.tls_certificate.empty())
        checks.fail(at + "/tls_certificate", "\"tls\" names the certificates already: leave one of the two out");
    if (!admin.clients.empty() && (!admin.tls || admin.tls->client.mode == "none"))
        checks.fail(at + "/clients", "nobody is asked for a certificate: set tls.client with its mode and ca");
    for (std::size_t i = 0; i < admin.clients.size(); ++i) {
        const AdminClient& client = admin.clients[i];
        const std::string here = pointer_to(at + "/clients", i);
        if (client.uri.empty() + client.dns.empty() + client.fingerprint.empty() != 2)
            checks.fail(here, "expected exactly one of \"uri\", \"dns\" and \"fingerprint\"");
        if (!client.fingerprint.empty() &&
            (client.fingerprint.size() != 64 ||
             client.fingerprint.find_first_not_of("0123456789abcdef") != std::string::npos))
            checks.fail(here + "/fingerprint",
                        "expected the SHA-256 of the certificate as 64 hex digits in lower case (openssl x509 -in FILE "
                        "-noout -fingerprint -sha256, without the colons)");
        for (std::size_t k = 0; k < i; ++k)
            if (client.uri == admin.clients[k].uri && client.dns == admin.clients[k].dns &&
                client.fingerprint == admin.clients[k].fingerprint)
                checks.fail(here, fmt::format("is there already, as number {}", k));
    }
}

// Files of a certificate and its key.
void check_pair(Checks& checks, std::string_view chain_key, const std::string& chain, std::string_view key_key,
                const std::string& key) {
    if (chain.empty() == key.empty()) return;
    checks.fail("/process/admin", fmt::format("\"{}\" is missing: a certificate and its key go together",
                                              key.empty() ? key_key : chain_key));
}

void check_rollout_url(Checks& checks, std::size_t number, const std::string& url) {
    const bool secure = url.starts_with("https://");
    const std::string_view scheme = secure ? "https://" : "http://";
    const std::string at = pointer_to("/process/admin/rollout_urls", number);
    if (!url.starts_with(scheme) || !is_field_value(url) || url.find_first_of(" @?#*") != std::string::npos)
        return checks.fail(at,
                           fmt::format("\"{}\": expected the start of a URL, such as http://prometheus:9090/api", url));
    std::string host = url.substr(scheme.size(), url.find('/', scheme.size()) - scheme.size());
    const auto bracket = host.rfind(']');
    if (host.find(':', bracket == std::string::npos ? 0 : bracket) == std::string::npos)
        host += secure ? ":443" : ":80";
    std::string why;
    if (!Address::parse(host, &why)) checks.fail(at, fmt::format("\"{}\": {}", url, why));
}

void check_resolver(Checks& checks, const Resolver& resolver) {
    const std::string at = "/process/resolver/servers";
    if (resolver.servers.size() > limits::kResolverServers)
        checks.fail(at, fmt::format("{} name servers; at most {}", resolver.servers.size(), limits::kResolverServers));
    for (std::size_t i = 0; i < resolver.servers.size(); ++i)
        if (!name_server(resolver.servers[i]))
            checks.fail(pointer_to(at, i),
                        fmt::format("\"{}\": expected an address, as 10.0.0.2, 127.0.0.1:5353, 2001:db8::53 or "
                                    "[::1]:5353; a name cannot be looked up before there is a server",
                                    resolver.servers[i]));
}

void check_programs(Checks& checks, const Process& process) {
    if (process.checks.size() > limits::kCheckPrograms)
        checks.fail("/process/checks",
                    fmt::format("{} programs; at most {}", process.checks.size(), limits::kCheckPrograms));
    for (const auto& [name, words] : process.checks) {
        const std::string at = pointer_to("/process/checks", name);
        checks.name(at, name);
        if (words.empty() || !words.front().starts_with('/')) {
            checks.fail(at, "expected the path of a program, from the root, and then its arguments: there is no shell");
            continue;
        }
        if (words.size() > limits::kCheckWords)
            checks.fail(at, fmt::format("{} words; at most {}", words.size(), limits::kCheckWords));
        for (std::size_t i = 0; i < words.size(); ++i) {
            checks.text(pointer_to(at, i), words[i], limits::kHeaderValueLength);
            if (words[i].find('\0') != std::string::npos)
                checks.fail(pointer_to(at, i), "an argument has no zero octet: a program would see less of it");
        }
    }
}

bool same_socket(const Address& a, const Address& b) {
    return a == b && (a.kind == Address::Kind::unix_path || a.port != 0);
}

// Any client may send a header: only of trusted peers it says something.
void check_client_header(Checks& checks, const std::string& at, const Listener& listener) {
    const std::string& name = listener.client_header;
    if (name.empty()) return;
    checks.header_name(at, name);
    if (is_hop_header(name) || same_header(name, "host"))
        checks.fail(at, fmt::format("{} names no client: expected a header such as X-Real-IP", name));
    if (listener.trusted_proxies.empty())
        checks.fail(at, fmt::format("nobody is believed about {}: name the senders in trusted_proxies", name));
}

void check_peers(Checks& checks, const std::string& at, const std::vector<std::string>& peers) {
    for (std::size_t k = 0; k < peers.size(); ++k) {
        std::string why;
        if (peers[k] != kUnixPeers && !Cidr::parse(peers[k], &why))
            checks.fail(pointer_to(at, k),
                        fmt::format("\"{}\": {}, or \"unix\" for peers of a unix socket", peers[k], why));
    }
}

void check_proxy_protocol(Checks& checks, const std::string& at, const Listener& listener) {
    const Listener plain;
    check_peers(checks, at + "/proxy_protocol_from", listener.proxy_protocol_from);
    if (!listener.proxy_protocol) {
        if (!listener.proxy_protocol_from.empty())
            checks.fail(at + "/proxy_protocol_from", "no PROXY header is expected here: set \"proxy_protocol\": true");
        if (listener.proxy_protocol_optional)
            checks.fail(at + "/proxy_protocol_optional",
                        "no PROXY header is expected here: set \"proxy_protocol\": true as well");
    }
    if (!listener.proxy_protocol_from.empty()) return;
    if (listener.proxy_protocol && listener.proxy_protocol_optional)
        checks.fail(at + "/proxy_protocol_optional",
                    "any client could name another one by it: say in proxy_protocol_from whose header is taken");
    if (listener.proxy_protocol_others != plain.proxy_protocol_others)
        checks.fail(at + "/proxy_protocol_others", "there are no others while proxy_protocol_from is empty");
}

// cdn-id of RFC 8586: a pseudonym, or a host and its port.
bool is_cdn_id(std::string_view text) {
    const auto colon = text.find(':');
    const auto port = colon == std::string_view::npos ? std::string_view("1") : text.substr(colon + 1);
    return is_token(text.substr(0, colon)) && !port.empty() &&
           port.find_first_not_of("0123456789") == std::string_view::npos;
}

void check_protocols(Checks& checks, const std::string& at, const Listener& listener) {
    const auto& named = listener.protocols;
    for (std::size_t i = 1; i < named.size(); ++i)
        if (std::find(named.begin(), named.begin() + static_cast<std::ptrdiff_t>(i), named[i]) !=
            named.begin() + static_cast<std::ptrdiff_t>(i))
            checks.fail(pointer_to(at, i), fmt::format("\"{}\" is there already", named[i]));
}

// Prefixes are matched at segment borders: a slash at the end makes no difference.
Match routed_alike(Match match) {
    while (match.path_prefix.size() > 1 && match.path_prefix.ends_with('/')) match.path_prefix.pop_back();
    return match;
}

struct MatchOrder {
    bool operator()(const Match& a, const Match& b) const {
        return std::tie(a.path_prefix, a.path_exact, a.hosts, a.methods, a.listeners, a.path_matches, a.host_matches) <
               std::tie(b.path_prefix, b.path_exact, b.hosts, b.methods, b.listeners, b.path_matches, b.host_matches);
    }
};

}  // namespace

void check_process(Checks& checks, const Process& process) {
    const Admin& admin = process.admin;
    if (process.state_dir.empty()) checks.fail("/process/state_dir", "expected a folder");
    checks.text("/process/state_dir", process.state_dir, limits::kHeaderValueLength);
    if (admin.tokens.empty() && admin.clients.empty() && !admin.bind.host.empty() && !admin.bind.is_loopback())
        checks.fail(
            "/process/admin/bind",
            fmt::format("{} can be reached from other machines: configure admin.tokens or admin.clients, or bind to "
                        "127.0.0.1",
                        admin.bind.text()));
    check_tokens(checks, admin);
    check_admin_tls(checks, admin);
    for (std::size_t i = 0; i < admin.rollout_urls.size(); ++i) check_rollout_url(checks, i, admin.rollout_urls[i]);
    check_resolver(checks, process.resolver);
    check_sources(checks, process.sources);
    check_programs(checks, process);
    check_pair(checks, "tls_certificate", admin.tls_certificate, "tls_key", admin.tls_key);
    check_pair(checks, "rollout_certificate", admin.rollout_certificate, "rollout_key", admin.rollout_key);
    checks.text("/process/admin/rollout_ca_file", admin.rollout_ca_file, limits::kHeaderValueLength);
}

void check_listeners(Checks& checks) {
    const auto& listeners = checks.model.listeners;
    std::map<std::string, std::size_t> names;
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        const Listener& listener = listeners[i];
        const std::string at = pointer_to("/listeners", i);
        checks.name(at + "/name", listener.name);
        if (const auto [first, fresh] = names.emplace(listener.name, i); !fresh)
            checks.fail(at + "/name",
                        fmt::format("listener \"{}\" is there already, as number {}", listener.name, first->second));
        for (std::size_t k = 0; k < i; ++k)
            if (!listener.bind.host.empty() && same_socket(listener.bind, listeners[k].bind))
                checks.fail(at + "/bind", fmt::format("{} is already the address of listener \"{}\"",
                                                      listener.bind.text(), listeners[k].name));
        if (same_socket(listener.bind, checks.model.process.admin.bind))
            checks.fail(at + "/bind", fmt::format("{} is already the address of the admin API", listener.bind.text()));
        check_listener_tls(checks, at, listener);
        check_protocols(checks, at + "/protocols", listener);
        check_access(checks, at + "/access", listener.access);
        check_peers(checks, at + "/trusted_proxies", listener.trusted_proxies);
        check_proxy_protocol(checks, at, listener);
        check_client_header(checks, at + "/client_header", listener);
        checks.text(at + "/cdn_loop", listener.cdn_loop, limits::kNameLength);
        if (!listener.cdn_loop.empty() && !is_cdn_id(listener.cdn_loop))
            checks.fail(
                at + "/cdn_loop",
                fmt::format("\"{}\" names no CDN: expected a word such as edge-shop, or a host with or without its "
                            "port",
                            listener.cdn_loop));
    }
}

Mistakes mistakes_in(const Model& model, const Taken& taken) {
    Checks checks(model);
    checks.taken = &taken;
    check_process(checks, model.process);
    check_certificates(checks);
    check_listeners(checks);
    for (const auto& [name, upstream] : model.upstreams)
        check_upstream(checks, pointer_to("/upstreams", name), name, upstream);
    // By look-up: a configuration of ten thousand routes is checked at every change.
    std::map<std::string, std::size_t> names;
    std::map<Match, std::size_t, MatchOrder> matches;
    for (std::size_t i = 0; i < model.routes.size(); ++i) {
        const Route& route = model.routes[i];
        const std::string at = pointer_to("/routes", i);
        if (const auto [first, fresh] = names.emplace(route.name, i); !fresh)
            checks.fail(at + "/name",
                        fmt::format("route \"{}\" is there already, as number {}", route.name, first->second));
        if (const auto [first, fresh] = matches.emplace(routed_alike(route.match), i); !fresh)
            checks.fail(at + (route.match == Match{} ? "" : "/match"),
                        fmt::format("matches the same requests as route \"{}\" and would never be reached",
                                    model.routes[first->second].name));
        check_route(checks, at, route);
    }
    return {std::move(checks.errors), checks.more};
}

void Mistakes::close() {
    if (errors.size() > limits::kErrors) {
        more += errors.size() - limits::kErrors;
        errors.resize(limits::kErrors);
    }
    if (more > 0)
        errors.push_back(
            {"", fmt::format("{} more mistakes are not listed; these are the first {}", more, limits::kErrors)});
    more = 0;
}

std::vector<Error> validate(const Model& model, const Taken& taken) {
    auto mistakes = mistakes_in(model, taken);
    mistakes.close();
    return std::move(mistakes.errors);
}

}  // namespace switchyard::config
