#include "control/net/tls_client.h"

#include <utility>

#include "control/base/file_bytes.h"

namespace switchyard::control::net {
namespace {

using switchyard::net::OutwardTls;
using switchyard::net::TlsAuthorities;

std::shared_ptr<const TlsAuthorities> authorities_of(const TlsClientSettings& settings, std::string* why) {
    const auto file = settings.ca_file.empty() ? TlsAuthorities::own_file(why) : settings.ca_file;
    if (file.empty()) return nullptr;
    const auto bytes = file_bytes(file);
    if (bytes) return TlsAuthorities::read(*bytes, file, why);
    *why = bytes.error().detail;
    return nullptr;
}

switchyard::net::TlsBook::Identity identity_of(const TlsClientSettings& settings, std::string* why) {
    const auto chain = file_bytes(settings.chain_file), key = file_bytes(settings.key_file);
    if (chain && key)
        return switchyard::net::read_tls_identity(*chain, *key, settings.chain_file, settings.key_file, why);
    *why = (chain ? key.error() : chain.error()).detail;
    return nullptr;
}

}  // namespace

std::shared_ptr<const OutwardTls> read_tls_client(const TlsClientSettings& settings, std::string* why) {
    switchyard::net::OutwardSettings out;
    out.server_name = settings.server_name;
    if (settings.verify) out.authorities = authorities_of(settings, why);
    if (settings.verify && !out.authorities) return nullptr;
    if (!settings.chain_file.empty()) out.identity = identity_of(settings, why);
    if (!settings.chain_file.empty() && !out.identity) return nullptr;
    return OutwardTls::make(std::move(out), why);
}

}  // namespace switchyard::control::net
