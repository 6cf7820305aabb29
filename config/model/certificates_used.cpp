#include "config/model/certificates_used.h"

namespace switchyard::config {

std::set<std::string> certificates_used(const Model& model) {
    std::set<std::string> out;
    if (const auto& tls = model.process.admin.tls) out.insert(tls->certificates.begin(), tls->certificates.end());
    for (const auto& listener : model.listeners)
        if (listener.tls) out.insert(listener.tls->certificates.begin(), listener.tls->certificates.end());
    for (const auto& [name, upstream] : model.upstreams)
        if (upstream.tls && !upstream.tls->certificate.empty()) out.insert(upstream.tls->certificate);
    return out;
}

ListenerTls as_listener(const AdminTls& admin) {
    ListenerTls out;
    out.certificates = admin.certificates;
    out.by_default = admin.by_default;
    out.min_version = admin.min_version;
    out.client = admin.client;
    return out;
}

}  // namespace switchyard::config
