#include "tests/support/tls_client.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <stdexcept>

namespace switchyard::test {

TlsClient::TlsClient(Crank& crank, Wire to, const Wishes& wishes)
    : wire(std::move(to)),
      crank_(crank),
      context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
      ssl_(nullptr, SSL_free),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())) {
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), keep_ticket);
    if (!wishes.trusted.empty()) {
        BIO* pem = BIO_new_mem_buf(wishes.trusted.data(), static_cast<int>(wishes.trusted.size()));
        X509* authority = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority);
        X509_free(authority);
        BIO_free(pem);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    }
    if (wishes.max_version != 0) SSL_CTX_set_max_proto_version(context_.get(), wishes.max_version);
    if (!wishes.signatures.empty()) SSL_CTX_set1_sigalgs_list(context_.get(), wishes.signatures.c_str());
    if (!wishes.certificate.empty()) {
        BIO* pem = BIO_new_mem_buf(wishes.certificate.data(), static_cast<int>(wishes.certificate.size()));
        X509* own = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
        SSL_CTX_use_certificate(context_.get(), own);
        X509_free(own);
        BIO_free(pem);
        pem = BIO_new_mem_buf(wishes.key.data(), static_cast<int>(wishes.key.size()));
        EVP_PKEY* key = PEM_read_bio_PrivateKey(pem, nullptr, nullptr, nullptr);
        SSL_CTX_use_PrivateKey(context_.get(), key);
        EVP_PKEY_free(key);
        BIO_free(pem);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
    if (!wishes.server_name.empty()) {
        SSL_set_tlsext_host_name(ssl_.get(), wishes.server_name.c_str());
        if (!wishes.trusted.empty()) SSL_set1_host(ssl_.get(), wishes.server_name.c_str());
    }
    if (!wishes.alpn.empty())
        SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wishes.alpn.data()),
                            static_cast<unsigned>(wishes.alpn.size()));
    if (wishes.resume) SSL_set_session(ssl_.get(), wishes.resume.get());
}

int TlsClient::keep_ticket(SSL* ssl, SSL_SESSION* session) {
    static_cast<TlsClient*>(SSL_get_app_data(ssl))->ticket_ = {session, SSL_SESSION_free};
    return 1;
}

bool TlsClient::pump() {
    const bool moved = move();
    crank_.turn();
    return moved;
}

bool TlsClient::move() {
    bool moved = false;
    std::array<char, 16384> bytes;
    for (int n = 0; (n = BIO_read(out_, bytes.data(), bytes.size())) > 0; moved = true) {
        std::string piece(bytes.data(), static_cast<std::size_t>(n));
        waiting_ += outward ? outward(std::move(piece)) : piece;
    }
    if (!waiting_.empty()) {
        const auto n = wire.write(waiting_);
        waiting_.erase(0, n);
        moved = moved || n > 0;
    }
    if (wire.read() > 0) {
        moved = true;
        const auto got = wire.take();
        BIO_write(in_, got.data(), static_cast<int>(got.size()));
    }
    return moved;
}

void TlsClient::decrypt() {
    std::array<char, 16384> bytes;
    ERR_clear_error();
    for (std::size_t n = 0; SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &n) == 1;) seen.append(bytes.data(), n);
    notified_ = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void TlsClient::put(std::string_view text) {
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), text.data(), text.size(), &written) != 1 || written != text.size())
        throw std::runtime_error("the client cannot encrypt");
    move();
}

void TlsClient::look() {
    move();
    decrypt();
}

void TlsClient::begin() {
    ERR_clear_error();
    SSL_do_handshake(ssl_.get());
    while (pump()) {
    }
}

bool TlsClient::handshake() {
    int result = 0;
    crank_.until("a handshake", [&] {
        ERR_clear_error();
        result = SSL_do_handshake(ssl_.get());
        // Before anything else is done with OpenSSL on this thread: the proxy's side is.
        const int error = SSL_get_error(ssl_.get(), result);
        const int reason = ERR_GET_REASON(ERR_peek_error());
        pump();
        if (result == 1) return true;
        if (error == SSL_ERROR_WANT_READ) return (wire.ended || wire.cut) && BIO_ctrl_pending(in_) == 0;
        if (reason > SSL_AD_REASON_OFFSET) alert = reason - SSL_AD_REASON_OFFSET;
        return true;
    });
    return result == 1;
}

void TlsClient::send(std::string_view text) {
    put(text);
    crank_.until("the proxy to take what is sent", [&] {
        pump();
        return waiting_.empty() || wire.cut;
    });
}

const std::string& TlsClient::see(std::string_view text) {
    crank_.until("the client to see what it waits for", [&] {
        pump();
        decrypt();
        if (seen.find(text) != seen.npos) return true;
        if ((wire.ended || wire.cut) && BIO_ctrl_pending(in_) == 0)
            throw std::runtime_error(fmt::format("the connection ended before \"{}\"; seen: {}", text, seen));
        return false;
    });
    return seen;
}

bool TlsClient::see_end() {
    crank_.until("the end of the connection", [&] {
        pump();
        decrypt();
        return wire.ended || wire.cut;
    });
    return notified_;
}

void TlsClient::end() {
    SSL_shutdown(ssl_.get());
    pump();
}

std::string TlsClient::shown() const {
    std::unique_ptr<X509, decltype(&X509_free)> leaf(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    if (!leaf) return {};
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    X509_digest(leaf.get(), EVP_sha256(), digest.data(), &size);
    std::string out;
    for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
    return out;
}

std::string TlsClient::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

}  // namespace switchyard::test
