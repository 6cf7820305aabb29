#include "proxy/snapshot/certificate_shelf.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

#include "config/pointer.h"
#include "proxy/base/log.h"

namespace switchyard {
namespace {

constexpr std::int64_t kLargestFile = 1 << 20;  // a chain with its key is a few KiB: this is another file

}  // namespace

bool CertificateShelf::look(const std::string& path, Stamp& stamp, std::string* why) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        *why = fmt::format("{} cannot be read: {}", path, std::strerror(errno));
        return false;
    }
    if (!S_ISREG(found.st_mode)) {
        *why = fmt::format("{} is no file", path);
        return false;
    }
    stamp = {found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
    return true;
}

bool CertificateShelf::read(const std::string& path, std::string& bytes, std::string* why) {
    Stamp stamp;
    if (!look(path, stamp, why)) return false;
    if (stamp.size > kLargestFile) {
        *why = fmt::format("{} is larger than 1 MiB: is this a certificate?", path);
        return false;
    }
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
    if (file.is_open() && !file.bad()) return true;
    *why = fmt::format("{} cannot be read: {}", path, std::strerror(errno));
    return false;
}

net::TlsBook::Identity CertificateShelf::identity(const config::Certificate& certificate, std::string* why) {
    Stamp chain;
    Stamp key;
    if (!look(certificate.chain, chain, why) || !look(certificate.key, key, why)) return nullptr;
    auto& kept = kept_[{certificate.chain, certificate.key}];
    if (kept.identity && kept.chain == chain && kept.key == key) return kept.identity;
    std::string chain_bytes;
    std::string key_bytes;
    if (!read(certificate.chain, chain_bytes, why) || !read(certificate.key, key_bytes, why)) return nullptr;
    auto made = net::read_tls_identity(chain_bytes, key_bytes, certificate.chain, certificate.key, why);
    std::fill(key_bytes.begin(), key_bytes.end(), '\0');
    if (!made) return nullptr;
    for (const auto& warning : made->warnings_at(std::time(nullptr)))
        log_warn("certificate {}: {}", certificate.chain, warning);
    kept = {chain, key, made};
    return made;
}

std::shared_ptr<const net::TlsPolicy> CertificateShelf::policy(const config::Model& model,
                                                               const config::Listener& listener, const std::string& at,
                                                               std::vector<config::Error>& errors) {
    const auto& tls = *listener.tls;
    net::TlsSettings settings;
    const auto before = errors.size();
    for (std::size_t i = 0; i < tls.certificates.size(); ++i) {
        const auto& name = tls.certificates[i];
        std::string why;
        auto found = identity(model.certificates.at(name), &why);
        // Once for a certificate, however many listeners use it.
        if (const auto place = config::pointer_to("/certificates", name);
            !found && std::none_of(errors.begin(), errors.end(), [&](const auto& e) { return e.pointer == place; }))
            errors.push_back({place, why});
        if (name == tls.by_default) settings.by_default = i;
        settings.identities.push_back(std::move(found));
    }
    if (errors.size() != before ||
        std::any_of(settings.identities.begin(), settings.identities.end(), [](const auto& i) { return !i; }))
        return nullptr;
    for (const auto& made : made_)
        if (made.settings == tls && made.identities == settings.identities)
            if (auto policy = made.policy.lock()) return policy;
    settings.strict_sni = tls.strict_sni;
    settings.only_1_3 = tls.min_version == "1.3";
    settings.ciphers = tls.ciphers;
    settings.handshake_timeout_ms = tls.handshake_timeout.count();
    if (!tickets_) tickets_ = std::make_shared<const net::TicketKeys>();
    std::string why;
    auto policy = net::make_tls_policy(settings, tickets_, &why);
    if (!policy) {
        errors.push_back({at + "/tls", why});
        return nullptr;
    }
    made_.push_back({tls, settings.identities, policy});
    return policy;
}

void CertificateShelf::release() {
    std::erase_if(made_, [](const auto& made) { return made.policy.expired(); });
    std::erase_if(kept_, [&](const auto& kept) {
        return std::none_of(made_.begin(), made_.end(), [&](const auto& made) {
            return std::find(made.identities.begin(), made.identities.end(), kept.second.identity) !=
                   made.identities.end();
        });
    });
}

}  // namespace switchyard
