#include "proxy/net/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace switchyard::net {
namespace {

// Fetched once: the look-up takes a lock that all threads share.
const EVP_CIPHER* cipher_of_tickets() {
    static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
    return cipher;
}

}  // namespace

TicketKeys::Ring::~Ring() {
    OPENSSL_cleanse(this, sizeof *this);
}

TicketKeys::Key TicketKeys::fresh() {
    Key key;
    if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
        RAND_priv_bytes(key.aes.data(), static_cast<int>(key.aes.size())) != 1 ||
        RAND_priv_bytes(key.hmac.data(), static_cast<int>(key.hmac.size())) != 1)
        throw std::runtime_error("the kernel has no random numbers for the keys of TLS tickets");
    return key;
}

TicketKeys::TicketKeys() : ring_(std::make_shared<const Ring>(Ring{fresh(), fresh(), fresh()})) {}

void TicketKeys::rotate() {
    const auto now = ring_.load();
    ring_.store(std::make_shared<const Ring>(Ring{now->next, now->current, fresh()}));
}

bool TicketKeys::rotate_if_due(std::int64_t now) {
    if (turned_ < 0) turned_ = now;
    const auto turns = (now - turned_) / kTurnSeconds;
    if (turns <= 0) return false;
    turned_ += turns * kTurnSeconds;
    constexpr std::int64_t kAll = 3;  // keys in the ring
    for (std::int64_t i = 0; i < std::min(turns, kAll); ++i) rotate();
    return true;
}

Descriptor TicketKeys::handed_on() const {
    Descriptor memory(::memfd_create("ticket-keys", MFD_CLOEXEC));
    const auto ring = ring_.load();
    std::array<unsigned char, kHandedOn> bytes{};
    auto* to = bytes.data();
    for (int i = 0; i < 8; ++i) *to++ = static_cast<unsigned char>(static_cast<std::uint64_t>(turned_) >> (8 * i));
    for (const Key* key : {&ring->current, &ring->previous, &ring->next}) {
        to = std::copy(key->name.begin(), key->name.end(), to);
        to = std::copy(key->aes.begin(), key->aes.end(), to);
        to = std::copy(key->hmac.begin(), key->hmac.end(), to);
    }
    const bool written = ::pwrite(memory.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return written ? std::move(memory) : Descriptor();
}

bool TicketKeys::take(int memory) {
    std::array<unsigned char, kHandedOn> bytes{};
    if (::pread(memory, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return false;
    const auto* from = bytes.data();
    std::uint64_t turned = 0;
    for (int i = 0; i < 8; ++i) turned |= std::uint64_t{*from++} << (8 * i);
    Ring ring{};
    for (Key* key : {&ring.current, &ring.previous, &ring.next})
        for (auto [to, size] :
             {std::pair{key->name.data(), key->name.size()}, std::pair{key->aes.data(), key->aes.size()},
              std::pair{key->hmac.data(), key->hmac.size()}}) {
            std::copy_n(from, size, to);
            from += size;
        }
    OPENSSL_cleanse(bytes.data(), bytes.size());
    turned_ = static_cast<std::int64_t>(turned);
    ring_.store(std::make_shared<const Ring>(ring));
    return true;
}

int TicketKeys::prepare(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                        int encrypt) const {
    constexpr int kFailed = -1, kUnknown = 0, kGood = 1, kRenew = 2;
    const auto ring = ring_.load();
    const Key* key = &ring->current;
    if (encrypt == 0) {
        const auto named = [&](const Key& k) { return std::equal(k.name.begin(), k.name.end(), name); };
        key = nullptr;
        for (const Key* k : {&ring->current, &ring->previous, &ring->next})
            if (named(*k)) key = k;
        if (key == nullptr) return kUnknown;
    } else {
        std::copy(key->name.begin(), key->name.end(), name);
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(cipher_of_tickets())) != 1) return kFailed;
    }
    char digest[] = "SHA256";
    const std::array params{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key->hmac.data()),
                                          key->hmac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_MAC_CTX_set_params(mac, params.data()) != 1) return kFailed;
    if (EVP_CipherInit_ex(cipher, cipher_of_tickets(), nullptr, key->aes.data(), iv, encrypt) != 1) return kFailed;
    if (encrypt != 0) return kGood;
    // In TLS 1.3 a client shows a ticket once: without a new one it could come back only every second time.
    return SSL_version(ssl) >= TLS1_3_VERSION || key != &ring->current ? kRenew : kGood;
}

}  // namespace switchyard::net
