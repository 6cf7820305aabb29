#include "tests/support/tls_endpoint.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <stdexcept>

namespace switchyard::test {
namespace {

using ReadingBio = std::unique_ptr<BIO, decltype(&BIO_free)>;

ReadingBio pem_of(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

}  // namespace

TlsEndpoint::TlsEndpoint(Crank& crank, const Wishes& wishes)
    : crank_(crank), protocols_(wishes.protocols), context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    auto* context = context_.get();
    X509* leaf = PEM_read_bio_X509(pem_of(wishes.identity.certificate).get(), nullptr, nullptr, nullptr);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(pem_of(wishes.identity.key).get(), nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context, leaf);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(leaf);
    EVP_PKEY_free(key);
    if (wishes.max_version != 0) SSL_CTX_set_max_proto_version(context, wishes.max_version);
    constexpr std::array<unsigned char, 4> kId{'t', 'e', 's', 't'};
    SSL_CTX_set_session_id_context(context, kId.data(), kId.size());
    if (!protocols_.empty()) SSL_CTX_set_alpn_select_cb(context, choose, this);
    if (wishes.client_ca.empty()) return;
    X509* authority = PEM_read_bio_X509(pem_of(wishes.client_ca).get(), nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
    X509_free(authority);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

int TlsEndpoint::choose(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                        unsigned offered_size, void* endpoint) {
    const std::string& own = static_cast<TlsEndpoint*>(endpoint)->protocols_;
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(own.data()),
                                            static_cast<unsigned>(own.size()), offered, offered_size);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

std::string TlsEndpoint::Connection::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

std::unique_ptr<TlsEndpoint::Connection> TlsEndpoint::accept(ListeningWire& listening) {
    return std::make_unique<Connection>(crank_, crank_.accept(listening), context_.get());
}

TlsEndpoint::Connection::Connection(Crank& crank, Wire from, SSL_CTX* context)
    : wire(std::move(from)),
      crank_(crank),
      ssl_(SSL_new(context), SSL_free),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())) {
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_accept_state(ssl_.get());
}

bool TlsEndpoint::Connection::pump() {
    bool moved = false;
    std::array<char, 16384> bytes;
    for (int n = 0; (n = BIO_read(out_, bytes.data(), bytes.size())) > 0; moved = true)
        waiting_.append(bytes.data(), static_cast<std::size_t>(n));
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
    crank_.turn();
    return moved;
}

bool TlsEndpoint::Connection::handshake() {
    int result = 0;
    crank_.until("a handshake of the endpoint", [&] {
        ERR_clear_error();
        result = SSL_do_handshake(ssl_.get());
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

void TlsEndpoint::Connection::send(std::string_view text) {
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), text.data(), text.size(), &written) != 1 || written != text.size())
        throw std::runtime_error("the endpoint cannot encrypt");
    crank_.until("the proxy to take what the endpoint sends", [&] {
        pump();
        decrypt();
        return waiting_.empty() || wire.cut;
    });
}

std::string TlsEndpoint::Connection::seal(std::string_view text, bool last) {
    std::size_t written = 0;
    if (!text.empty() && SSL_write_ex(ssl_.get(), text.data(), text.size(), &written) != 1)
        throw std::runtime_error("the endpoint cannot encrypt");
    if (last) SSL_shutdown(ssl_.get());
    std::string out;
    std::array<char, 16384> bytes;
    for (int n = 0; (n = BIO_read(out_, bytes.data(), bytes.size())) > 0;)
        out.append(bytes.data(), static_cast<std::size_t>(n));
    return out;
}

void TlsEndpoint::Connection::decrypt() {
    std::array<char, 16384> bytes;
    ERR_clear_error();
    for (std::size_t n = 0; SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &n) == 1;) seen.append(bytes.data(), n);
    notified_ = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

const std::string& TlsEndpoint::Connection::see(std::string_view text) {
    crank_.until("the endpoint to see what it waits for", [&] {
        pump();
        decrypt();
        if (seen.find(text) != seen.npos) return true;
        if ((wire.ended || wire.cut) && BIO_ctrl_pending(in_) == 0)
            throw std::runtime_error(fmt::format("the connection ended before \"{}\"; seen: {}", text, seen));
        return false;
    });
    return seen;
}

bool TlsEndpoint::Connection::see_end() {
    crank_.until("the end of the connection to the endpoint", [&] {
        pump();
        decrypt();
        return wire.ended || wire.cut;
    });
    return notified_;
}

void TlsEndpoint::Connection::end() {
    SSL_shutdown(ssl_.get());
    while (pump()) {
    }
    wire.shutdown_send();
    crank_.turn();
}

void TlsEndpoint::Connection::change_keys() {
    SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(ssl_.get());
    while (pump()) {
    }
}

// By what no client has sent: OpenSSL says only alerts that it means.
void TlsEndpoint::Connection::break_off() {
    constexpr std::string_view kForeign("\x17\x03\x03\x00\x20 32 octets that nobody encrypted!!", 5 + 32);
    BIO_write(in_, kForeign.data(), static_cast<int>(kForeign.size()));
    decrypt();
    while (pump()) {
    }
}

void TlsEndpoint::Connection::send_and_reset(std::string_view text) {
    std::size_t written = 0;
    SSL_write_ex(ssl_.get(), text.data(), text.size(), &written);
    std::array<char, 16384> bytes;
    const int n = BIO_read(out_, bytes.data(), bytes.size());
    if (n <= 0 || wire.write({bytes.data(), static_cast<std::size_t>(n)}) != static_cast<std::size_t>(n))
        throw std::runtime_error("the endpoint cannot send its last words");
    wire.close();  // unread input makes it a reset
}

std::string TlsEndpoint::Connection::asked_for() const {
    const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
}

std::string TlsEndpoint::Connection::client_subject() const {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    if (!shown) return {};
    std::array<char, 256> text;
    X509_NAME_oneline(X509_get_subject_name(shown.get()), text.data(), text.size());
    return text.data();
}

}  // namespace switchyard::test
