// Certificates and how listeners use them: what can be said without reading a file.
#include <algorithm>
#include <map>

#include "config/check/checks.h"

namespace switchyard::config {

void check_certificates(Checks& checks) {
    for (const auto& [name, certificate] : checks.model.certificates) {
        const std::string at = pointer_to("/certificates", name);
        checks.name(at, name);
        if (certificate.chain.empty())
            checks.fail(at + "/chain", "name the PEM file that holds the certificate and those that signed it");
        if (certificate.key.empty()) checks.fail(at + "/key", "name the PEM file that holds the private key");
    }
}

namespace {

void check_client(Checks& checks, const std::string& at, const ClientCertificates& client) {
    const bool asks = client.mode != "none";
    if (asks && client.ca.empty())
        checks.fail(at + "/ca", "name the PEM file of the authorities that sign clients, or leave the mode at none");
    if (!asks && !client.ca.empty())
        checks.fail(at + "/mode", "\"none\" asks no client for a certificate; with a ca it is optional or required");
    if (!asks && (client.forward || !client.crl.empty()))
        checks.fail(at + (client.forward ? "/forward" : "/crl"), "no client is asked for a certificate here");
}

bool is_tls_host(std::string_view host) {
    if (host.starts_with("*.")) host.remove_prefix(2);
    const auto odd = [](char c) {
        return !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_';
    };
    return !host.empty() && !host.starts_with('.') && !host.ends_with('.') && !std::ranges::any_of(host, odd);
}

void check_certificate_named(Checks& checks, const std::string& at, const std::string& name) {
    if (checks.model.certificates.contains(name)) return;
    std::vector<std::string> known;
    for (const auto& [other, certificate] : checks.model.certificates) known.push_back(other);
    checks.fail(at, "no certificate is named " + unknown_word(name, known));
}

}  // namespace

void check_listener_tls(Checks& checks, const std::string& at, const Listener& listener) {
    if (listener.redirect_https && listener.tls)
        checks.fail(at + "/redirect_https", "this listener speaks TLS already; it is for the one on port 80");
    if (listener.tls) check_server_tls(checks, at, *listener.tls);
}

void check_server_tls(Checks& checks, const std::string& at, const ListenerTls& tls) {
    if (tls.certificates.empty())
        checks.fail(at + "/tls/certificates",
                    "without a certificate no client can connect: name one of `certificates`");
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < tls.certificates.size(); ++i) {
        const auto& name = tls.certificates[i];
        const std::string place = pointer_to(at + "/tls/certificates", i);
        check_certificate_named(checks, place, name);
        if (const auto [first, fresh] = places.emplace(name, i); !fresh)
            checks.fail(place, fmt::format("\"{}\" is there already, as number {}", name, first->second));
    }
    if (!tls.by_default.empty() && !places.contains(tls.by_default))
        checks.fail(at + "/tls/default",
                    fmt::format("\"{}\" is not among this listener's certificates", tls.by_default));
    check_client(checks, at + "/tls/client", tls.client);
    for (const auto& [host, own] : tls.hosts) {
        const std::string place = pointer_to(at + "/tls/hosts", host);
        if (!is_tls_host(host))
            checks.fail(place, "expected a host name in lower case, or *.suffix, which stands for one label before it");
        check_client(checks, place + "/client", own.client);
    }
    const auto odd = [](char c) {
        return !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != ':' &&
               c != '_' && c != '+' && c != '!' && c != '@' && c != '=';
    };
    if (std::any_of(tls.ciphers.begin(), tls.ciphers.end(), odd))
        checks.fail(at + "/tls/ciphers", "names of ciphers with colons between them, as `openssl ciphers` prints them");
}

void check_upstream_tls(Checks& checks, const std::string& at, const Upstream& upstream) {
    const auto& tls = *upstream.tls;
    if (!tls.certificate.empty()) check_certificate_named(checks, at + "/certificate", tls.certificate);
    if (!tls.verify && !tls.ca.empty())
        checks.fail(at + "/verify", "false takes any certificate; with a ca endpoints are verified");
    if (!tls.server_name.empty() && (!is_tls_host(tls.server_name) || tls.server_name.starts_with("*.")))
        checks.fail(at + "/server_name", "expected a host name in lower case");
    const bool nameless = std::ranges::any_of(
        upstream.endpoints, [](const Endpoint& e) { return e.address.kind == Address::Kind::unix_path; });
    if (tls.verify && tls.server_name.empty() && nameless)
        checks.fail(at + "/server_name",
                    "an endpoint at a unix socket has no name: say which its certificate must have");
}

}  // namespace switchyard::config
