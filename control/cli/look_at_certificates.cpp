#include "control/cli/look_at_certificates.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "config/model.h"
#include "config/text/pointer.h"
#include "control/base/file_bytes.h"
#include "proxy/net/tls_authorities.h"
#include "proxy/net/tls_identity.h"

namespace switchyard::control::cli {
namespace {

using config::Error;
using Identity = std::shared_ptr<const net::TlsIdentity>;

Identity look(const std::string& at, const config::Certificate& certificate, std::vector<Error>& out) {
    if (certificate.acme) return nullptr;  // it is asked for when it is not there
    const auto chain = file_bytes(certificate.chain);
    if (!chain) out.push_back({at + "/chain", chain.error().detail});
    const auto key = file_bytes(certificate.key);
    if (!key) out.push_back({at + "/key", key.error().detail});
    if (!chain || !key) return nullptr;
    std::string why;
    auto identity = net::read_tls_identity(*chain, *key, certificate.chain, certificate.key, &why);
    if (!identity) {
        out.push_back({at, why});
        return nullptr;
    }
    for (const auto& warning : identity->warnings_at(std::time(nullptr))) out.push_back({at, warning});
    struct stat file {};
    if (::stat(certificate.key.c_str(), &file) == 0 && (file.st_mode & S_IROTH) != 0)
        out.push_back(
            {at + "/key", fmt::format("{} can be read by everybody: chmod o= {}", certificate.key, certificate.key)});
    return identity;
}

void look_at_authorities(const std::string& name, const config::Upstream& upstream, std::vector<Error>& out) {
    if (!upstream.tls || !upstream.tls->verify) return;
    std::string why;
    const auto file = upstream.tls->ca.empty() ? net::TlsAuthorities::own_file(&why) : upstream.tls->ca;
    if (!file.empty()) {
        const auto bytes = file_bytes(file);
        if (!bytes)
            why = bytes.error().detail;
        else if (net::TlsAuthorities::read(*bytes, file, &why))
            return;
    }
    out.push_back({config::pointer_to("/upstreams", name) + "/tls/ca", why});
}

}  // namespace

void look_at_certificates(const config::Model& model, std::vector<Error>& out) {
    std::map<std::string, Identity> all;
    for (const auto& [name, certificate] : model.certificates)
        all[name] = look(config::pointer_to("/certificates", name), certificate, out);
    for (const auto& [name, upstream] : model.upstreams) look_at_authorities(name, upstream, out);
    // Hosts that routes name and that a listener shows no certificate for.
    std::set<std::string> hosts;
    for (const auto& route : model.routes) hosts.insert(route.match.hosts.begin(), route.match.hosts.end());
    for (std::size_t i = 0; i < model.listeners.size(); ++i) {
        const auto& listener = model.listeners[i];
        if (!listener.tls) continue;
        const auto covered = [&](const std::string& host) {
            return std::any_of(
                listener.tls->certificates.begin(), listener.tls->certificates.end(), [&](const auto& name) {
                    const auto written = model.certificates.find(name);
                    if (written != model.certificates.end() && written->second.acme)
                        return std::ranges::find(written->second.acme->names, host) !=
                               written->second.acme->names.end();
                    const auto found = all.find(name);
                    if (found == all.end() || !found->second) return true;  // that is told already
                    const auto& names = found->second->names;
                    return found->second->covers(host) || std::find(names.begin(), names.end(), host) != names.end();
                });
        };
        for (const auto& host : hosts)
            if (!covered(host))
                out.push_back({config::pointer_to("/listeners", i) + "/tls/certificates",
                               fmt::format("none of them covers {}, which a route names: its clients will be shown one "
                                           "that they refuse",
                                           host)});
    }
}

}  // namespace switchyard::control::cli
