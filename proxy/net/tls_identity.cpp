#include "proxy/net/tls_identity.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace switchyard::net {
namespace {

constexpr int kSecurityBits = 112;        // what OpenSSL calls level 2: RSA from 2048 bits, EC from 224
constexpr int kSlowRsaBits = 4096;        // 3 ms of a core for each full handshake
constexpr std::size_t kMostInChain = 10;  // no real chain is longer; each octet is sent in every full handshake

struct BioFree {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

Bio memory(std::string_view bytes) {
    return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// A key that needs a password is refused, never asked for on the terminal.
int no_password(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

std::string one_line(X509_NAME* name) {
    const Bio out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(std::max<long>(size, 0))};
}

std::int64_t seconds(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return static_cast<std::int64_t>(::timegm(&parts));
}

std::string day(std::int64_t at) {
    return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(at)));
}

std::string hex(const unsigned char* bytes, unsigned size) {
    std::string out;
    for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", bytes[i]);
    return out;
}

// A name that a client can ask for: letters, digits, '-', '.', and '*' as its whole first label.
std::string usable_name(std::string_view raw) {
    std::string out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        char c = raw[i];
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        const bool star = c == '*' && i == 0 && raw.size() > 2 && raw[1] == '.';
        if (!star && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_') return {};
        out += c;
    }
    if (!out.empty() && out.back() == '.') out.pop_back();
    return out;
}

void take_names(TlsIdentity& out) {
    auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(out.leaf.get(), NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_DNS) continue;
        const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
        auto usable = usable_name({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))});
        if (!usable.empty()) out.names.push_back(std::move(usable));
    }
    if (all != nullptr) GENERAL_NAMES_free(all);
}

std::string kind_of(EVP_PKEY* key) {
    const int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            return fmt::format("RSA {}", bits);
        case EVP_PKEY_EC: {
            std::array<char, 64> group{};
            std::size_t size = 0;
            if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) return fmt::format("EC {}", bits);
            const std::string_view name(group.data(), size);
            if (name == "prime256v1") return "ECDSA P-256";
            if (name == "secp384r1") return "ECDSA P-384";
            return fmt::format("ECDSA {}", name);
        }
        case EVP_PKEY_ED25519:
            return "Ed25519";
        default:
            return fmt::format("{} {}", OBJ_nid2sn(EVP_PKEY_get_base_id(key)), bits);
    }
}

// Why the leaf cannot be used with this key, or nothing.
std::string mismatch(const TlsIdentity& out, const std::vector<Certificate>& others, std::string_view chain_file,
                     std::string_view key_file) {
    if (X509_check_private_key(out.leaf.get(), out.key.get()) != 1) {
        for (std::size_t i = 0; i < others.size(); ++i)
            if (X509_check_private_key(others[i].get(), out.key.get()) == 1)
                return fmt::format(
                    "{}: the certificate of the key in {} stands at place {}; put it first, the ones that signed it "
                    "behind it",
                    chain_file, key_file, i + 2);
        return fmt::format("{}: the key is not that of the certificate in {}; one of the two files is an older one",
                           key_file, chain_file);
    }
    if (EVP_PKEY_get_security_bits(out.key.get()) < kSecurityBits)
        return fmt::format("{}: the key ({}) is too weak; ask for a certificate with ECDSA P-256 or RSA 2048", key_file,
                           kind_of(out.key.get()));
    int digest = 0;
    int bits = 0;
    if (X509_get_signature_info(out.leaf.get(), &digest, nullptr, &bits, nullptr) == 1 && bits < kSecurityBits / 2 + 24)
        return fmt::format("{}: it is signed with {}, which clients refuse; ask for a certificate anew", chain_file,
                           OBJ_nid2sn(digest));
    return {};
}

bool signed_by(X509* subject, X509* issuer) {
    return X509_NAME_cmp(X509_get_issuer_name(subject), X509_get_subject_name(issuer)) == 0;
}

// The chain in the order in which it is sent, whatever that of the file is.
void order_chain(TlsIdentity& out, std::vector<Certificate> others, std::string_view chain_file) {
    out.chain.reset(sk_X509_new_null());
    X509* last = out.leaf.get();
    bool moved = false;
    while (!others.empty() && !signed_by(last, last)) {
        const auto next =
            std::find_if(others.begin(), others.end(), [&](const auto& c) { return signed_by(last, c.get()); });
        if (next == others.end()) break;
        moved = moved || next != others.begin();
        last = next->release();
        sk_X509_push(out.chain.get(), last);
        others.erase(next);
    }
    if (moved)
        out.warnings.push_back(fmt::format("{}: the chain is out of order; it is sent in the right one", chain_file));
    if (!others.empty())
        out.warnings.push_back(fmt::format("{}: {} in it signed none of the others and {} left out", chain_file,
                                           others.size() == 1 ? "a certificate" : "certificates",
                                           others.size() == 1 ? "is" : "are"));
    if (sk_X509_num(out.chain.get()) == 0 && !signed_by(out.leaf.get(), out.leaf.get()))
        out.warnings.push_back(
            fmt::format("{}: the certificate that signed it ({}) is missing; many clients will refuse the connection: "
                        "use the full chain",
                        chain_file, out.issuer));
}

std::shared_ptr<const TlsIdentity> refuse(std::string* why, std::string sentence) {
    ERR_clear_error();
    *why = std::move(sentence);
    return nullptr;
}

}  // namespace

bool TlsIdentity::is_rsa() const {
    return EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
}

bool TlsIdentity::covers(std::string_view host) const {
    const auto dot = host.find('.');
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        if (name == host) return true;
        return name.starts_with("*.") && dot != host.npos && dot > 0 &&
               std::string_view(name).substr(1) == host.substr(dot);
    });
}

bool TlsIdentity::same_as(const TlsIdentity& other) const {
    if (X509_cmp(leaf.get(), other.leaf.get()) != 0 || EVP_PKEY_eq(key.get(), other.key.get()) != 1 ||
        sk_X509_num(chain.get()) != sk_X509_num(other.chain.get()))
        return false;
    for (int i = 0; i < sk_X509_num(chain.get()); ++i)
        if (X509_cmp(sk_X509_value(chain.get(), i), sk_X509_value(other.chain.get(), i)) != 0) return false;
    return warnings == other.warnings;
}

std::int64_t TlsIdentity::warn_from() const {
    return not_after - std::min(kExpiryWarningSeconds, (not_after - not_before) / 3);
}

std::vector<std::string> TlsIdentity::warnings_at(std::int64_t now) const {
    std::vector<std::string> out;
    if (now >= not_after)
        out.push_back(fmt::format("expired on {}", day(not_after)));
    else if (now < not_before)
        out.push_back(fmt::format("not valid before {}", day(not_before)));
    else if (now > warn_from())
        out.push_back(fmt::format("expires on {}", day(not_after)));
    out.insert(out.end(), warnings.begin(), warnings.end());
    return out;
}

std::shared_ptr<const TlsIdentity> read_tls_identity(std::string_view chain_pem, std::string_view key_pem,
                                                     std::string_view chain_file, std::string_view key_file,
                                                     std::string* why) {
    ERR_clear_error();
    auto out = std::make_shared<TlsIdentity>();
    std::vector<Certificate> others;
    const Bio certificates = memory(chain_pem);
    while (X509* next = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
        if (out->leaf == nullptr)
            out->leaf.reset(next);
        else
            others.emplace_back(next);
    }
    const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (out->leaf == nullptr && at_the_end)
        return refuse(why, fmt::format("{}: holds no certificate (a block that begins with \"-----BEGIN "
                                       "CERTIFICATE-----\")",
                                       chain_file));
    if (!at_the_end)
        return refuse(why, fmt::format("{}: certificate {} in it cannot be read; the file may be cut short", chain_file,
                                       (out->leaf ? 1 : 0) + others.size() + 1));
    if (others.size() > kMostInChain)
        return refuse(why, fmt::format("{}: holds {} certificates; one with its chain has at most {}: is this a bundle "
                                       "of authorities?",
                                       chain_file, others.size() + 1, kMostInChain + 1));
    bool password = false;
    const Bio keys = memory(key_pem);
    out->key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_password, &password));
    ERR_clear_error();
    if (password)
        return refuse(why, fmt::format("{}: the key is protected by a password; write it without one: openssl pkey -in "
                                       "{} -out NEW",
                                       key_file, key_file));
    if (out->key == nullptr)
        return refuse(why, fmt::format("{}: holds no private key (a block that begins with \"-----BEGIN PRIVATE "
                                       "KEY-----\")",
                                       key_file));
    if (auto wrong = mismatch(*out, others, chain_file, key_file); !wrong.empty()) return refuse(why, std::move(wrong));

    out->subject = one_line(X509_get_subject_name(out->leaf.get()));
    out->issuer = one_line(X509_get_issuer_name(out->leaf.get()));
    out->not_before = seconds(X509_get0_notBefore(out->leaf.get()));
    out->not_after = seconds(X509_get0_notAfter(out->leaf.get()));
    out->key_kind = kind_of(out->key.get());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(out->leaf.get(), EVP_sha256(), digest.data(), &size);
    out->fingerprint = hex(digest.data(), size);
    if (BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(out->leaf.get()), nullptr)) {
        char* text = BN_bn2hex(number);
        out->serial = text;
        OPENSSL_free(text);
        BN_free(number);
    }
    take_names(*out);
    if (out->names.empty())
        out->warnings.push_back(
            fmt::format("{}: names no host (subjectAltName); no client will accept it for a name", chain_file));
    if (out->is_rsa() && EVP_PKEY_get_bits(out->key.get()) >= kSlowRsaBits)
        out->warnings.push_back(fmt::format("{}: {} costs fifteen times the time of ECDSA P-256 in each handshake",
                                            chain_file, out->key_kind));
    order_chain(*out, std::move(others), chain_file);
    ERR_clear_error();
    return out;
}

}  // namespace switchyard::net
