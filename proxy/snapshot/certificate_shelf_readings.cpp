// Files that were not read yet: found before a generation is made, so that they can be read beside control's thread.
#include <algorithm>

#include "config/model.h"
#include "config/model/certificates_used.h"
#include "proxy/snapshot/certificate_shelf.h"

namespace switchyard {

CertificateShelf::Wanted CertificateShelf::wanted_by(const config::Model& model) const {
    Wanted out;
    for (const auto& name : config::certificates_used(model)) {
        const auto found = model.certificates.find(name);
        if (found == model.certificates.end()) continue;
        const auto files = files_of(model, name);
        const auto* known = find(files);
        const bool there = known != nullptr && (known->identity || in_use(files));
        if (!there && !laid_out_.pairs.contains(files)) out.pairs.insert(files);
    }
    const auto want = [&](const config::ClientCertificates& client) {
        if (client.mode == "none" || std::ranges::find(checks_, client, &KeptCheck::settings) != checks_.end()) return;
        if (std::ranges::find(laid_out_.checks, client, &Laid::first) != laid_out_.checks.end()) return;
        if (std::ranges::find(out.checks, client) == out.checks.end()) out.checks.push_back(client);
    };
    if (model.process.admin.tls) want(model.process.admin.tls->client);
    for (const auto& listener : model.listeners) {
        if (!listener.tls) continue;
        want(listener.tls->client);
        for (const auto& [host, own] : listener.tls->hosts) want(own.client);
    }
    std::string ignored;
    for (const auto& [name, upstream] : model.upstreams) {
        if (!upstream.tls || !upstream.tls->verify) continue;
        const auto file = upstream.tls->ca.empty() ? net::TlsAuthorities::own_file(&ignored) : upstream.tls->ca;
        if (!file.empty() && !authorities_.contains(file) && !laid_out_.authorities.contains(file))
            out.authorities.insert(file);
    }
    return out;
}

CertificateShelf::Readings CertificateShelf::read(const Wanted& wanted) {
    Readings out;
    for (const auto& files : wanted.pairs) out.pairs[files] = read(files, {});
    for (const auto& client : wanted.checks) out.checks.emplace_back(client, read(client, {}));
    for (const auto& file : wanted.authorities) out.authorities[file] = read_authorities(file, {});
    return out;
}

CertificateShelf::Readings CertificateShelf::unread(const Wanted& wanted, const std::string& why) {
    Readings out;
    for (const auto& files : wanted.pairs) out.pairs[files].why = files.first + " cannot be read: " + why;
    for (const auto& client : wanted.checks)
        out.checks.emplace_back(client, CheckReading{true, {}, nullptr, client.ca + " cannot be read: " + why});
    for (const auto& file : wanted.authorities) out.authorities[file].why = file + " cannot be read: " + why;
    return out;
}

CertificateShelf::Reading CertificateShelf::first_reading(const Files& files) const {
    const auto laid = laid_out_.pairs.find(files);
    return laid != laid_out_.pairs.end() ? laid->second : read(files, {});
}

}  // namespace switchyard
