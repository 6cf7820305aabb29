#include "config/nginx_import/upstream_tls.h"

#include <algorithm>
#include <optional>
#include <set>

#include "config/nginx_import/text.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {
namespace {

bool says_on(const Directive* directive) {
    return directive != nullptr && directive->arg(0) == "on";
}

// Without its port; nothing where a certificate cannot have it as a name.
std::string host_name(const std::string& host) {
    if (host.starts_with("unix:") || host.starts_with('[')) return {};
    auto name = lower(host.substr(0, host.find(':')));
    const bool address = Address::parse(name + ":1") && Address::parse(name + ":1")->kind != Address::Kind::name;
    const auto odd = [](char c) { return !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.'; };
    return address || std::ranges::any_of(name, odd) ? "" : name;
}

std::string certificate_name(const Certificate& certificate, Model& model) {
    std::set<std::string> taken;
    for (const auto& [known, other] : model.certificates) {
        if (other == certificate) return known;
        taken.insert(known);
    }
    auto name = fresh_name("to-endpoints", taken);
    model.certificates[name] = certificate;
    return name;
}

}  // namespace

UpstreamTls upstream_tls(const Settings& settings, const std::string& host, const std::filesystem::path& folder,
                         Model& model, Notes& notes, const Directive& where) {
    UpstreamTls out;
    out.verify = says_on(settings.find("proxy_ssl_verify"));
    if (out.verify) {
        const auto* ca = settings.find("proxy_ssl_trusted_certificate");
        if (const auto path = file_in(folder, ca))
            out.ca = *path;
        else if (ca != nullptr)
            notes.lost(*ca,
                       "the authorities of endpoints must be a file: until tls.ca of the upstream names one, the "
                       "machine's public ones are believed");
    } else {
        notes.changed(where,
                      "its endpoints' certificates are not verified, as nginx does not unless it is told to: set "
                      "tls.verify of the upstream to true, and tls.ca");
    }
    const auto* name = settings.find("proxy_ssl_name");
    if (out.verify || says_on(settings.find("proxy_ssl_server_name"))) {
        const auto text = name == nullptr ? Text{} : parse_text(name->arg(0));
        if (name == nullptr || only_variable(text) == "proxy_host")
            out.server_name = host_name(host);
        else if (is_literal(text))
            out.server_name = host_name(literal(text));
        else
            notes.lost(*name, "endpoints are asked for one name whatever the request: write it as tls.server_name");
    }
    const auto* shown = settings.find("proxy_ssl_certificate");
    if (shown != nullptr && !shown->arg(0).empty()) {
        const auto chain = file_in(folder, shown);
        const auto key = file_in(folder, settings.find("proxy_ssl_certificate_key"));
        if (chain && key)
            out.certificate = certificate_name({*chain, *key}, model);
        else
            notes.lost(*shown, "the certificate that endpoints are shown must be a file, and its key another");
    }
    if (const auto* versions = settings.find("proxy_ssl_protocols"))
        if (versions->args == std::vector<std::string>{"TLSv1.3"}) out.min_version = "1.3";
    for (const auto* lost : {"proxy_ssl_crl", "proxy_ssl_password_file", "proxy_ssl_conf_command"})
        if (const auto* directive = settings.find(lost))
            notes.lost(*directive, "has no counterpart in tls of an upstream");
    for (const auto* own : {"proxy_ssl_ciphers", "proxy_ssl_session_reuse", "proxy_ssl_verify_depth"})
        if (const auto* directive = settings.find(own))
            notes.unneeded(*directive, "ciphers, sessions and depth of TLS to endpoints are Switchyard's own");
    return out;
}

}  // namespace switchyard::config::nginx
