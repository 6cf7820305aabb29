// Certificates and how listeners use them: what can be said without reading a file.
#include <algorithm>
#include <map>

#include "config/check/checks.h"

namespace switchyard::config {

namespace {

constexpr std::size_t kNamesOfOne = 100;  // what Let's Encrypt puts into one certificate
constexpr std::size_t kLongestHost = 253;
constexpr std::size_t kLongestLabel = 63;

// What is wrong with a host that a certificate is to be asked for, with the cure; empty: nothing.
std::string trouble_with(const std::string& host) {
    if (host.starts_with("*."))
        return "a wildcard is proven by DNS, which is not done here: let certbot or lego ask for it, and name its "
               "files";
    if (host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos)
        return fmt::format("\"{}\" is an address: an authority vouches for a host name that leads to it", host);
    const auto odd = [](char c) { return !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.'; };
    if (std::ranges::any_of(host, [](char c) { return c >= 'A' && c <= 'Z'; }))
        return fmt::format("\"{}\": write the host in lower case", host);
    if (std::ranges::any_of(host, odd))
        return fmt::format("\"{}\" is no host name; one with other letters is written as xn--…", host);
    if (host.find('.') == std::string::npos)
        return fmt::format(
            "\"{}\" is a single label: no public authority vouches for it; write the whole name, as in "
            "{}.example",
            host, host);
    std::size_t from = 0;
    for (auto dot = host.find('.'); from <= host.size(); dot = host.find('.', from)) {
        const auto end = std::min(dot, host.size());
        const auto label = host.substr(from, end - from);
        if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-')
            return fmt::format("\"{}\" is no host name: \"{}\" is no part of one", host, label);
        from = end + 1;
    }
    return host.size() > kLongestHost ? fmt::format("\"{}\" is too long for a host name", host) : std::string();
}

void check_acme(Checks& checks, const std::string& at, const std::string& name, const Acme& acme) {
    // The name is that of a folder, too.
    const auto odd = [](char c) {
        return !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' &&
               c != '.';
    };
    if (name.starts_with('.') || std::ranges::any_of(name, odd))
        checks.fail(at, fmt::format("\"{}\" names a folder of the state directory too: use letters, digits, '-', '_' "
                                    "and '.', and no '.' in front",
                                    name));
    if (acme.names.empty()) checks.fail(at + "/names", "name the hosts that the certificate is for");
    if (acme.names.size() > kNamesOfOne)
        checks.fail(at + "/names", fmt::format("{} names; an authority puts at most {} into one certificate: make "
                                               "several",
                                               acme.names.size(), kNamesOfOne));
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < acme.names.size(); ++i) {
        const auto place = pointer_to(at + "/names", i);
        if (const auto trouble = trouble_with(acme.names[i]); !trouble.empty()) checks.fail(place, trouble);
        if (const auto [first, fresh] = places.emplace(acme.names[i], i); !fresh)
            checks.fail(place, fmt::format("\"{}\" is there already, as number {}", acme.names[i], first->second));
    }
    const auto& directory = acme.directory;
    if (directory != "letsencrypt" && directory != "letsencrypt-staging" &&
        (!directory.starts_with("https://") || directory.size() <= std::string_view("https://").size()))
        checks.fail(
            at + "/directory",
            fmt::format("\"{}\" is neither letsencrypt, letsencrypt-staging nor a URL that begins with https://",
                        directory));
    if (!acme.email.empty() &&
        (acme.email.find('@') == std::string::npos || acme.email.find_first_of(" ,?\r\n\t") != std::string::npos))
        checks.fail(at + "/email", fmt::format("\"{}\" is no address of mail", acme.email));
    const bool in_clear = std::ranges::any_of(checks.model.listeners, [](const auto& l) { return !l.tls; });
    if (acme.challenge == "http-01" && !in_clear)
        checks.fail(at + "/challenge",
                    "http-01 is asked for in clear, and every listener speaks TLS: add one on port 80, or take "
                    "tls-alpn-01");
    if (!acme.account) return;
    if (acme.account->key_id.empty()) checks.fail(at + "/account/key_id", "write what the authority calls the key");
    if (acme.account->key_file.empty()) checks.fail(at + "/account/key_file", "name the file that holds the key");
}

}  // namespace

void check_certificates(Checks& checks) {
    for (const auto& [name, certificate] : checks.model.certificates) {
        const std::string at = pointer_to("/certificates", name);
        checks.name(at, name);
        if (certificate.acme) {
            if (!certificate.chain.empty() || !certificate.key.empty())
                checks.fail(at + (certificate.chain.empty() ? "/key" : "/chain"),
                            "a certificate either stands in files or is asked for by acme: leave one of the two out");
            check_acme(checks, at + "/acme", name, *certificate.acme);
            continue;
        }
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
    if (!listener.acme_challenges.empty() && listener.tls)
        checks.fail(at + "/acme_challenges",
                    "an authority asks for http-01 in clear: put the folder at the listener on port 80");
    if (listener.tls) check_server_tls(checks, at, *listener.tls);
}

void check_server_tls(Checks& checks, const std::string& at, const ListenerTls& tls) {
    std::vector<std::string> known;
    for (const auto& [name, certificate] : checks.model.certificates) known.push_back(name);
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
