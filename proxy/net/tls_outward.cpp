#include "proxy/net/tls_outward.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <utility>

#include "proxy/net/tls.h"

namespace switchyard::net {
namespace {

bool is_address(const std::string& host) {
    in6_addr ignored{};
    return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
    auto* tls = static_cast<Tls*>(SSL_get_app_data(ssl));
    if (tls == nullptr) return 0;  // a check's, not a worker's: no later connection resumes it
    tls->keep_session(session);
    return 1;  // the reference is ours now
}

std::string why_refused() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason == nullptr ? "no reason was given" : reason;
}

}  // namespace

std::shared_ptr<const OutwardTls> OutwardTls::make(OutwardSettings settings, std::string* why) {
    ERR_clear_error();
    auto out = std::make_shared<OutwardTls>();
    auto* context = SSL_CTX_new(TLS_client_method());
    out->context_.reset(context);
    SSL_CTX_set_min_proto_version(context, settings.only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    // Sessions are kept by the pools, each for its endpoint.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_new_session);
    if (settings.authorities) {
        SSL_CTX_set1_cert_store(context, settings.authorities->store());
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    if (const auto& identity = settings.identity)
        if (SSL_CTX_use_cert_and_key(context, identity->leaf.get(), identity->key.get(), identity->chain.get(), 1) !=
            1) {
            *why = fmt::format("OpenSSL refuses the certificate of {}: {}", identity->subject, why_refused());
            return nullptr;
        }
    out->settings_ = std::move(settings);
    return out;
}

bool OutwardTls::aim(SSL* ssl, const std::string& host) const {
    const auto& name = settings_.server_name.empty() ? host : settings_.server_name;
    const bool address = is_address(name);
    if (!name.empty() && !address && SSL_set_tlsext_host_name(ssl, name.c_str()) != 1) return false;
    if (!verifies()) return true;
    auto* wanted = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (address) return X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1;
    return !name.empty() && X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), 0) == 1;
}

void TlsSessions::keep(SSL_SESSION* session) {
    if (kept_[0]) kept_[1] = std::move(kept_[0]);
    kept_[0].reset(session);
}

std::unique_ptr<SSL_SESSION, SslContextFree> TlsSessions::take(bool verifies) {
    for (auto& kept : kept_) {
        if (!kept) continue;
        const bool over = SSL_SESSION_is_resumable(kept.get()) != 1 ||
                          (verifies && SSL_SESSION_get0_peer(kept.get()) != nullptr &&
                           X509_cmp_current_time(X509_get0_notAfter(SSL_SESSION_get0_peer(kept.get()))) <= 0);
        if (over) {
            kept.reset();
            continue;
        }
        if (SSL_SESSION_get_protocol_version(kept.get()) >= TLS1_3_VERSION) return std::move(kept);
        SSL_SESSION_up_ref(kept.get());  // one of TLS 1.2 opens as many as are wanted
        return std::unique_ptr<SSL_SESSION, SslContextFree>(kept.get());
    }
    return nullptr;
}

}  // namespace switchyard::net
