#include "bench/yardbench/engine/secure.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <new>
#include <stdexcept>
#include <utility>

namespace yardbench {
namespace {

constexpr std::size_t kSessions = 4096;  // more than connections of a thread; older ones are let go

}  // namespace

Secure::Secure(SecureChoice choice)
    : choice_(std::move(choice)), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write()
    auto* context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, choice_.newest == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    // As browsers offer them, and the first that any server here takes.
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
    SSL_CTX_set1_groups_list(context, "X25519:P-256");
    if (choice_.http2) SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>("\x02h2"), 3);
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (choice_.resume) SSL_CTX_sess_set_new_cb(context, keep);
    if (choice_.ca.empty()) return;
    if (SSL_CTX_load_verify_file(context, choice_.ca.c_str()) != 1)
        throw std::invalid_argument(choice_.ca + " holds no certificate of an authority");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

Secure::~Secure() {
    for (SSL_SESSION* session : sessions_) SSL_SESSION_free(session);
}

int Secure::keep(SSL* ssl, SSL_SESSION* session) {
    auto& self = *static_cast<Secure*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    if (self.sessions_.size() == kSessions) {
        SSL_SESSION_free(self.sessions_.front());
        self.sessions_.erase(self.sessions_.begin());
    }
    self.sessions_.push_back(session);
    return 1;
}

SSL* Secure::begin(int fd) {
    SSL* ssl = SSL_new(context_.get());
    if (ssl == nullptr) throw std::bad_alloc();
    SSL_set_fd(ssl, fd);
    SSL_set_connect_state(ssl);
    in6_addr ignored{};
    const bool address = ::inet_pton(AF_INET, choice_.host.c_str(), &ignored) == 1 ||
                         ::inet_pton(AF_INET6, choice_.host.c_str(), &ignored) == 1;
    if (!address) SSL_set_tlsext_host_name(ssl, choice_.host.c_str());
    if (!choice_.ca.empty()) {
        if (address)
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), choice_.host.c_str());
        else
            SSL_set1_host(ssl, choice_.host.c_str());
    }
    if (!choice_.resume || sessions_.empty()) return ssl;
    SSL_SESSION* session = sessions_.back();
    SSL_set_session(ssl, session);
    // One of TLS 1.3 opens one connection; one of 1.2 as many as are wanted.
    if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION) {
        sessions_.pop_back();
        SSL_SESSION_free(session);
    }
    return ssl;
}

Secure::Step Secure::step_of(SSL* ssl, int result) {
    switch (SSL_get_error(ssl, result)) {
        case SSL_ERROR_WANT_READ:
            return Step::wants_read;
        case SSL_ERROR_WANT_WRITE:
            return Step::wants_write;
        case SSL_ERROR_ZERO_RETURN:
            return Step::closed;
        default:
            break;
    }
    const bool ended = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    ERR_clear_error();
    return ended ? Step::closed : Step::failed;
}

Secure::Step Secure::shake(SSL* ssl) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl);
    if (result != 1) return step_of(ssl, result);
    ++(SSL_session_reused(ssl) == 1 ? resumed : full);
    return Step::done;
}

bool Secure::agreed(SSL* ssl) const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &chosen, &size);
    return !choice_.http2 || (size == 2 && chosen[0] == 'h' && chosen[1] == '2');
}

Secure::Step Secure::read(SSL* ssl, char* into, std::size_t size, std::size_t& got) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl, into, size, &got);
    return result == 1 ? Step::done : step_of(ssl, result);
}

Secure::Step Secure::write(SSL* ssl, const char* bytes, std::size_t size, std::size_t& taken) {
    ERR_clear_error();
    const int result = SSL_write_ex(ssl, bytes, size, &taken);
    return result == 1 ? Step::done : step_of(ssl, result);
}

void Secure::end(SSL* ssl) {
    if (ssl == nullptr) return;
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
}

}  // namespace yardbench
