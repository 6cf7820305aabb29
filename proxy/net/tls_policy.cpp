#include "proxy/net/tls_policy.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/tls1.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "proxy/net/tls.h"

namespace switchyard::net {
namespace {

// Mozilla's intermediate profile without the Diffie-Hellman of finite fields: forward secret, authenticated, and none
// that RFC 9113 forbids.
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphers13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr long kTicketSeconds = 24L * 3600;
constexpr std::size_t kTickets = 2;                // browsers open several connections at once (RFC 8446 §C.4)
constexpr std::size_t kMostOfClientChain = 32768;  // octets; OpenSSL's own bound is 100 KiB

std::string last_reason() {
    const auto code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == nullptr ? "no reason was given" : reason;
}

bool show(SSL* ssl, const TlsBook::Identities& identities) {
    SSL_certs_clear(ssl);
    return std::all_of(identities.begin(), identities.end(), [&](const auto& identity) {
        return SSL_use_cert_and_key(ssl, identity->leaf.get(), identity->key.get(), identity->chain.get(), 1) == 1;
    });
}

// The name in the server_name extension of a client hello (RFC 6066 §3): a list with one host name.
std::string_view server_name(SSL* ssl) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1) return {};
    constexpr std::size_t kBeforeName = 5;  // length of the list, kind, length of the name
    if (size < kBeforeName || bytes[2] != TLSEXT_NAMETYPE_host_name) return {};
    const std::size_t length = static_cast<std::size_t>(bytes[3]) << 8 | bytes[4];
    if (length > size - kBeforeName) return {};
    return {reinterpret_cast<const char*>(bytes) + kBeforeName, length};
}

// Of a client that speaks this and nothing else (RFC 8737 §3): a list with one name.
constexpr std::array<unsigned char, 13> kAcmeTls{0, 11, 10, 'a', 'c', 'm', 'e', '-', 't', 'l', 's', '/', '1'};

bool asks_for_proof(SSL* ssl) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    return SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &bytes, &size) == 1 &&
           std::equal(bytes, bytes + size, kAcmeTls.begin(), kAcmeTls.end());
}

// The answer to an authority's challenge. No client certificate is asked for, and the session is not resumed.
int show_proof(SSL* ssl, Tls& tls, int* alert) {
    const auto proof = tls.hello().note_server_name(server_name(ssl), true);
    if (!proof) {
        *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
        return SSL_CLIENT_HELLO_ERROR;
    }
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
    if (ClientCheck::nobody()->apply(ssl) && show(ssl, {proof})) return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

// Runs before the version is chosen and before any ticket is looked at: what is set here holds for resumption too.
int on_client_hello(SSL* ssl, int* alert, void*) {
    auto* tls = static_cast<Tls*>(SSL_get_app_data(ssl));
    const auto policy = tls->hello().go_by_policy_now();
    if (!policy) {
        *alert = SSL_AD_HANDSHAKE_FAILURE;
        return SSL_CLIENT_HELLO_ERROR;
    }
    if (asks_for_proof(ssl)) [[unlikely]]
        return show_proof(ssl, *tls, alert);
    const auto name = server_name(ssl);
    const auto* found = policy->book.find(name);
    if (found == nullptr && policy->strict_sni) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    tls->hello().note_server_name(name);
    const auto& check = policy->client_for(name);
    tls->hello().note_client_check(check);
    if (!check->apply(ssl)) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
    }
    const bool in_context = policy->context.get() == SSL_get_SSL_CTX(ssl);
    const auto& identities = found == nullptr ? policy->by_default : *found;
    if (in_context && identities == policy->by_default) return SSL_CLIENT_HELLO_SUCCESS;
    if (SSL_set_min_proto_version(ssl, policy->min_version) != 1 || !show(ssl, identities)) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

// RFC 9113 §9.2.2 forbids what is neither authenticated nor forward secret; all of TLS 1.3 is both.
bool is_good_for_http2(SSL* ssl) {
    if (SSL_version(ssl) >= TLS1_3_VERSION) return true;
    const SSL_CIPHER* cipher = SSL_get_pending_cipher(ssl);
    if (cipher == nullptr || SSL_CIPHER_is_aead(cipher) != 1) return false;
    const int exchange = SSL_CIPHER_get_kx_nid(cipher);
    return exchange == NID_kx_ecdhe || exchange == NID_kx_dhe;
}

// A client that names protocols and none of ours is told so (RFC 7301): answering it anyway is how one protocol is
// made to read another's bytes.
int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
            void*) {
    // A client that asks for a proof that there is not has been refused by then.
    if (std::equal(in, in + in_size, kAcmeTls.begin() + 2, kAcmeTls.end())) [[unlikely]] {
        *out = kAcmeTls.data() + 3;
        *out_size = kAcmeTls[2];
        return SSL_TLSEXT_ERR_OK;
    }
    static constexpr std::array<unsigned char, 12> kOurs{2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    constexpr std::size_t kHttp2 = 3, kHttp1 = 9;
    const auto& policy = *static_cast<Tls*>(SSL_get_app_data(ssl))->hello().policy();
    std::span<const unsigned char> ours(kOurs);
    if (!policy.http2 || !is_good_for_http2(ssl)) ours = ours.last(kHttp1);
    if (!policy.http1) ours = ours.first(ours.size() == kOurs.size() ? kHttp2 : 0);
    unsigned char* chosen = nullptr;
    if (ours.empty() || SSL_select_next_proto(&chosen, out_size, ours.data(), static_cast<unsigned>(ours.size()), in,
                                              in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
    const auto& policy = *static_cast<Tls*>(SSL_get_app_data(ssl))->hello().policy();
    return policy.tickets->prepare(ssl, name, iv, cipher, mac, encrypt);
}

}  // namespace

const std::shared_ptr<const ClientCheck>& TlsPolicy::client_for(std::string_view host) const {
    if (hosts.empty()) return client;
    const std::string name = TlsBook::normal(host);
    const auto find = [&](std::string_view wanted) -> const std::shared_ptr<const ClientCheck>* {
        const auto at = std::lower_bound(hosts.begin(), hosts.end(), wanted,
                                         [](const auto& entry, std::string_view w) { return entry.first < w; });
        return at != hosts.end() && at->first == wanted ? &at->second : nullptr;
    };
    if (const auto* exact = find(name)) return *exact;
    const auto dot = name.find('.');
    if (dot != name.npos && dot != 0)
        if (const auto* wildcard = find('*' + name.substr(dot))) return *wildcard;
    return client;
}

std::shared_ptr<const TlsPolicy> make_tls_policy(const TlsSettings& settings, std::shared_ptr<const TicketKeys> tickets,
                                                 std::string* why) {
    ERR_clear_error();
    auto out = std::make_shared<TlsPolicy>();
    for (const auto& identity : settings.identities)
        if (const auto claimed = out->book.add(identity); !claimed.empty()) {
            *why = fmt::format("two certificates with the same kind of key name {}: leave one out", claimed);
            return nullptr;
        }
    // For a name with an ECDSA and an RSA certificate both are shown, so also to a client that names no host.
    const auto& first = settings.identities.at(settings.by_default);
    const auto* both =
        first->names.empty() || first->names.front().starts_with("*.") ? nullptr : out->book.find(first->names.front());
    out->by_default = both == nullptr ? TlsBook::Identities{first} : *both;
    out->strict_sni = settings.strict_sni;
    out->http1 = settings.http1;
    out->http2 = settings.http2;
    out->min_version = settings.only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    out->handshake_timeout_ms = settings.handshake_timeout_ms;
    if (settings.max_handshakes_per_second != 0)
        out->rate = std::make_unique<HandshakeRate>(settings.max_handshakes_per_second);
    out->tickets = std::move(tickets);
    out->client = settings.client;
    out->hosts = settings.hosts;
    std::sort(out->hosts.begin(), out->hosts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

    auto* context = SSL_CTX_new(TLS_server_method());
    out->context.reset(context);
    SSL_CTX_set_min_proto_version(context, out->min_version);
    if (SSL_CTX_set_cipher_list(context, settings.ciphers.empty() ? kCiphers12 : settings.ciphers.c_str()) != 1) {
        *why = fmt::format("\"{}\" names no cipher that OpenSSL knows ({})", settings.ciphers, last_reason());
        return nullptr;
    }
    SSL_CTX_set_ciphersuites(context, kCiphers13);
    SSL_CTX_set1_groups_list(context, kGroups);
    // In our order, where AES with the shorter key is first; but a client that lists ChaCha20 first has no AES in
    // hardware.
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, kTicketSeconds);
    SSL_CTX_set_num_tickets(context, kTickets);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_max_cert_list(context, static_cast<long>(kMostOfClientChain));
    SSL_CTX_set_client_hello_cb(context, on_client_hello, nullptr);
    SSL_CTX_set_alpn_select_cb(context, on_alpn, nullptr);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
    for (const auto& identity : out->by_default)
        if (SSL_CTX_use_cert_and_key(context, identity->leaf.get(), identity->key.get(), identity->chain.get(), 1) !=
            1) {
            *why = fmt::format("OpenSSL refuses the certificate of {}: {}", identity->subject, last_reason());
            return nullptr;
        }
    return out;
}

}  // namespace switchyard::net
