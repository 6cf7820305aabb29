#include "proxy/net/tls_hello.h"

#include <openssl/x509.h>

#include <utility>

namespace switchyard::net {

std::shared_ptr<const TlsPolicy> TlsHello::go_by_policy_now() {
    auto now = policy_now_();
    if (!now) return nullptr;
    policy_ = std::move(now);
    return policy_;
}

TlsBook::Identity TlsHello::note_server_name(std::string_view name, bool asks_for_proof) {
    server_name_ = name;
    if (!asks_for_proof || policy_now_.proof == nullptr) return nullptr;
    auto proof = policy_now_.proof(policy_now_.whom, TlsBook::normal(name));
    proved_ = proof != nullptr;
    return proof;
}

bool TlsHello::client_still_stands(SSL* ssl) const {
    const auto now = policy_now_();
    if (client_check_ == nullptr || now == nullptr || now->client_for(server_name_)->id() != client_check_->id())
        return false;
    const X509* shown = SSL_get0_peer_certificate(ssl);
    return shown == nullptr || X509_cmp_current_time(X509_get0_notAfter(shown)) > 0;
}

}  // namespace switchyard::net
