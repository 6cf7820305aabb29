// What is kept for connections to endpoints: authorities by their files, and how to connect by settings.
#include <algorithm>

#include "config/model.h"
#include "proxy/snapshot/certificate_shelf.h"

namespace switchyard {

CertificateShelf::AuthoritiesReading CertificateShelf::read_authorities(const std::string& file, const Stamp& before) {
    AuthoritiesReading out;
    const bool there = look_at(file, out.stamp, &out.why);
    out.changed = out.stamp != before || !there;
    std::string bytes;
    if (!there || !out.changed || !bytes_of(file, out.stamp, bytes, &out.why)) return out;
    out.authorities = net::TlsAuthorities::read(bytes, file, &out.why);
    return out;
}

bool CertificateShelf::take(const std::string& file, const AuthoritiesReading& reading) {
    const auto kept = authorities_.find(file);
    if (kept == authorities_.end() || !reading.changed) return false;
    kept->second.stamp = reading.stamp;
    kept->second.trouble = reading.why;
    if (!reading.authorities) return false;
    if (kept->second.authorities->id() == reading.authorities->id()) return false;
    kept->second.authorities = reading.authorities;
    return true;
}

std::shared_ptr<const net::TlsAuthorities> CertificateShelf::authorities_in(const std::string& file, std::string* why) {
    if (const auto known = authorities_.find(file); known != authorities_.end()) return known->second.authorities;
    const auto laid = laid_out_.authorities.find(file);
    auto reading = laid != laid_out_.authorities.end() ? laid->second : read_authorities(file, {});
    if (!reading.authorities) {
        *why = std::move(reading.why);
        return nullptr;
    }
    authorities_[file] = {reading.stamp, reading.authorities, {}};
    return reading.authorities;
}

// Of a generation that was in force before a restart too: whom to believe is never guessed. A certificate to show may
// be missing then: endpoints say for themselves whether they can do without.
std::shared_ptr<const net::OutwardTls> CertificateShelf::outward(const config::Model& model,
                                                                 const config::UpstreamTls& tls, const std::string& at,
                                                                 std::vector<config::Error>& errors) {
    MadeOutward make{tls, {}, {}, {}, {}, {}};
    const auto before = errors.size();
    if (!tls.certificate.empty() && model.certificates.contains(tls.certificate)) {
        make.files = files_of(model, tls.certificate);
        // It is asked for when it is not there; endpoints are shown none until it is.
        if (model.certificates.at(tls.certificate).acme) excuse(make.files);
        if (const auto* found = kept(model, tls.certificate, errors)) make.identity = found->identity;
    }
    if (tls.verify) {
        std::string why;
        make.authorities_file = tls.ca.empty() ? net::TlsAuthorities::own_file(&why) : tls.ca;
        if (!make.authorities_file.empty()) make.authorities = authorities_in(make.authorities_file, &why);
        if (!make.authorities) errors.push_back({at + "/ca", why});
    }
    if (errors.size() != before) return nullptr;
    for (const auto& made : made_outward_)
        if (made.settings == tls && made.files == make.files && made.identity == make.identity &&
            made.authorities == make.authorities)
            if (auto outward = made.outward.lock()) return outward;
    std::string why;
    auto outward = net::OutwardTls::make(
        {make.authorities, make.identity, tls.server_name, tls.min_version == "1.3", tls.lenient_close}, &why);
    if (!outward) {
        errors.push_back({at, why});
        return nullptr;
    }
    make.outward = outward;
    made_outward_.push_back(std::move(make));
    return outward;
}

}  // namespace switchyard
