#include "proxy/snapshot/certificate_shelf.h"

#include <algorithm>

#include "config/model.h"
#include "config/text/pointer.h"
#include "proxy/net/tls_placeholder.h"

namespace switchyard {

CertificateShelf::Files files_of(const config::Model& model, const std::string& name) {
    const auto& certificate = model.certificates.at(name);
    if (!certificate.acme) return {certificate.chain, certificate.key};
    const auto file = model.process.state_dir + "/certificates/" + name + "/current.pem";
    return {file, file};
}

CertificateShelf::Reading CertificateShelf::read(const Files& files, const Stamps& before) {
    Reading out;
    const auto& [chain, key] = files;
    const bool there = look_at(chain, out.stamps.chain, &out.why) && look_at(key, out.stamps.key, &out.why);
    out.changed = out.stamps != before || !there;
    if (!there || !out.changed) return out;
    std::string chain_bytes;
    std::string key_bytes;
    if (!bytes_of(chain, out.stamps.chain, chain_bytes, &out.why)) return out;
    if (bytes_of(key, out.stamps.key, key_bytes, &out.why))
        out.identity = net::read_tls_identity(chain_bytes, key_bytes, chain, key, &out.why);
    std::fill(key_bytes.begin(), key_bytes.end(), '\0');
    return out;
}

bool CertificateShelf::take(const Files& files, const Reading& reading) {
    const auto found = kept_.find(files);
    if (found == kept_.end() || !reading.changed) return false;
    auto& kept = found->second;
    kept.stamps = reading.stamps;
    kept.trouble = reading.why;
    if (!reading.identity) return false;
    if (kept.identity && kept.identity->same_as(*reading.identity)) return false;  // written again, and no other
    kept.identity = reading.identity;
    return true;
}

CertificateShelf::CheckReading CertificateShelf::read(const config::ClientCertificates& settings,
                                                      const Stamps& before) {
    CheckReading out;
    const bool there = look_at(settings.ca, out.stamps.chain, &out.why) &&
                       (settings.crl.empty() || look_at(settings.crl, out.stamps.key, &out.why));
    out.changed = out.stamps != before || !there;
    if (!there || !out.changed) return out;
    std::string ca;
    std::string crl;
    if (!bytes_of(settings.ca, out.stamps.chain, ca, &out.why)) return out;
    if (!settings.crl.empty() && !bytes_of(settings.crl, out.stamps.key, crl, &out.why)) return out;
    out.check = net::ClientCheck::make(
        {settings.mode == "required", settings.depth, ca, crl, settings.ca, settings.crl, settings.forward}, &out.why);
    return out;
}

bool CertificateShelf::take(const config::ClientCertificates& settings, const CheckReading& reading) {
    const auto kept = std::ranges::find(checks_, settings, &KeptCheck::settings);
    if (kept == checks_.end() || !reading.changed) return false;
    kept->stamps = reading.stamps;
    kept->trouble = reading.why;
    if (!reading.check || (kept->check && kept->check->id() == reading.check->id())) return false;
    kept->check = reading.check;
    return true;
}

// Of a generation that was in force before a restart too: who is let in is never guessed.
std::shared_ptr<const net::ClientCheck> CertificateShelf::check(const config::ClientCertificates& settings,
                                                                const std::string& at,
                                                                std::vector<config::Error>& errors) {
    if (settings.mode == "none") return net::ClientCheck::nobody();
    const auto kept = std::ranges::find(checks_, settings, &KeptCheck::settings);
    if (kept != checks_.end()) return kept->check;
    const auto laid = std::ranges::find(laid_out_.checks, settings, &Laid::first);
    auto reading = laid != laid_out_.checks.end() ? laid->second : read(settings, {});
    if (!reading.check) {
        errors.push_back({at, reading.why});
        return nullptr;
    }
    checks_.push_back({settings, reading.stamps, reading.check, {}});
    return reading.check;
}

const CertificateShelf::Kept* CertificateShelf::find(const Files& files) const {
    const auto found = kept_.find(files);
    return found == kept_.end() ? nullptr : &found->second;
}

const CertificateShelf::Kept* CertificateShelf::kept(const Files& files, std::string* why) {
    // A certificate that could not be read is here only for the listeners that were excused.
    if (const auto* known = find(files);
        known != nullptr && (known->identity || excused_.contains(files) || in_use(files)))
        return known;
    auto reading = first_reading(files);
    if (!reading.identity && !excused_.contains(files)) {
        *why = std::move(reading.why);
        return nullptr;
    }
    return &(kept_[files] = {reading.stamps, std::move(reading.identity), std::move(reading.why)});
}

bool CertificateShelf::in_use(const Files& files) const {
    const auto uses = [&](const auto& made) { return std::ranges::find(made.files, files) != made.files.end(); };
    return std::ranges::any_of(made_, [&](const auto& made) { return !made.policy.expired() && uses(made); }) ||
           std::ranges::any_of(made_outward_,
                               [&](const auto& made) { return !made.outward.expired() && made.files == files; });
}

// Once for a certificate, however many listeners and upstreams use it.
const CertificateShelf::Kept* CertificateShelf::kept(const config::Model& model, const std::string& name,
                                                     std::vector<config::Error>& errors) {
    std::string why;
    const auto* found = kept(files_of(model, name), &why);
    const auto place = config::pointer_to("/certificates", name);
    if (found == nullptr &&
        std::none_of(errors.begin(), errors.end(), [&](const auto& e) { return e.pointer == place; }))
        errors.push_back({place, why});
    return found;
}

std::shared_ptr<const net::TlsPolicy> CertificateShelf::policy(const config::Model& model,
                                                               const config::ListenerTls& tls, Spoken spoken,
                                                               const std::string& at,
                                                               std::vector<config::Error>& errors) {
    const auto before = errors.size();
    Made make{tls, {}, {}, {}, spoken.http1, spoken.http2, {}};
    net::TlsSettings settings;
    bool has_default = false;
    for (const auto& name : tls.certificates) {
        make.files.push_back(files_of(model, name));
        if (model.certificates.at(name).acme) excuse(make.files.back());  // it is asked for when it is not there
        const auto* found = kept(model, name, errors);
        make.identities.push_back(found == nullptr ? nullptr : found->identity);
        if (!make.identities.back()) continue;
        if (!has_default && name == (tls.by_default.empty() ? tls.certificates.front() : tls.by_default)) {
            has_default = true;
            settings.by_default = settings.identities.size();
        }
        settings.identities.push_back(make.identities.back());
    }
    settings.client = check(tls.client, at + "/tls/client", errors);
    make.checks.push_back(settings.client);
    for (const auto& [host, own] : tls.hosts) {
        auto checked = check(own.client, config::pointer_to(at + "/tls/hosts", host) + "/client", errors);
        make.checks.push_back(checked);
        settings.hosts.emplace_back(host, std::move(checked));
    }
    // One that has refused none of this before may be missing: the refusal of another listener's is in `errors`.
    if (errors.size() != before ||
        std::any_of(make.files.begin(), make.files.end(), [&](const auto& files) { return find(files) == nullptr; }))
        return nullptr;
    for (const auto& made : made_)
        if (made.settings == tls && made.files == make.files && made.identities == make.identities &&
            made.checks == make.checks && made.http1 == make.http1 && made.http2 == make.http2)
            if (auto policy = made.policy.lock()) return policy;
    if (settings.identities.empty()) {
        if (!placeholder_) placeholder_ = net::make_tls_placeholder();
        settings.identities.push_back(placeholder_);
    }
    settings.strict_sni = tls.strict_sni;
    settings.http1 = make.http1;
    settings.http2 = make.http2;
    settings.only_1_3 = tls.min_version == "1.3";
    settings.ciphers = tls.ciphers;
    settings.handshake_timeout_ms = tls.handshake_timeout.count();
    settings.max_handshakes_per_second = tls.max_handshakes_per_second;
    std::string why;
    auto policy = net::make_tls_policy(settings, tickets_, &why);
    if (!policy) {
        errors.push_back({at + "/tls", why});
        return nullptr;
    }
    make.policy = policy;
    made_.push_back(std::move(make));
    return policy;
}

void CertificateShelf::release() {
    std::erase_if(made_, [](const auto& made) { return made.policy.expired(); });
    std::erase_if(made_outward_, [](const auto& made) { return made.outward.expired(); });
    std::erase_if(kept_, [&](const auto& kept) {
        return std::none_of(made_.begin(), made_.end(),
                            [&](const auto& made) {
                                return std::find(made.files.begin(), made.files.end(), kept.first) != made.files.end();
                            }) &&
               std::ranges::find(made_outward_, kept.first, &MadeOutward::files) == made_outward_.end();
    });
    std::erase_if(authorities_, [&](const auto& kept) {
        return std::ranges::find(made_outward_, kept.first, &MadeOutward::authorities_file) == made_outward_.end();
    });
    // By what is set and not by what came of it: the newest reading may be in no policy yet.
    std::erase_if(checks_, [&](const auto& kept) {
        return std::none_of(made_.begin(), made_.end(), [&](const auto& made) {
            return made.settings.client == kept.settings ||
                   std::ranges::any_of(made.settings.hosts,
                                       [&](const auto& host) { return host.second.client == kept.settings; });
        });
    });
}

}  // namespace switchyard
