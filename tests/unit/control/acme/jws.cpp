// Keys, signatures and what is signed, against OpenSSL's own verifying and vectors of the RFCs.
#include "control/acme/jws.h"

#include <doctest/doctest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "control/acme/base64url.h"
#include "control/acme/request_keys.h"
#include "tests/support/certificates.h"

using namespace switchyard;
using namespace switchyard::control::acme;
using Json = nlohmann::json;

namespace {

// By another way than it was signed: a DER signature of the same numbers.
bool verifies(const AccountKey& key, const std::string& text, const std::string& signature) {
    if (signature.size() != 64) return false;
    const auto pem = key.pem();
    BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* read = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
    BIO_free(in);
    const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
    ECDSA_SIG* numbers = ECDSA_SIG_new();
    ECDSA_SIG_set0(numbers, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(numbers, &der);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, read);
    const bool good = EVP_DigestVerify(context, der, static_cast<std::size_t>(size),
                                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(numbers);
    EVP_PKEY_free(read);
    return good;
}

}  // namespace

TEST_CASE("base64url: the octets of RFC 7515 Appendix C, and what is none") {
    CHECK(base64url(std::string("\x03\xec\xff\xe0\xc1", 5)) == "A-z_4ME");
    CHECK(*from_base64url("A-z_4ME") == std::string("\x03\xec\xff\xe0\xc1", 5));
    for (std::size_t size = 0; size < 70; ++size) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + size);
        CHECK(*from_base64url(base64url(bytes)) == bytes);
    }
    CHECK(*from_base64url("YQ==") == "a");
    for (const auto* bad : {"A", "AAAAA", "A+AA", "A/AA", "A A", "\xc3\xa4", "AA=A"}) CHECK_FALSE(from_base64url(bad));
}

TEST_CASE("a key is the same when it is read again; a signature is 64 octets that verify") {
    const auto key = AccountKey::make();
    const auto again = AccountKey::from_pem(key.pem());
    REQUIRE(again);
    CHECK(again->jwk() == key.jwk());
    CHECK(key.jwk().dump().starts_with(R"({"crv":"P-256","kty":"EC","x":")"));
    CHECK(key.thumbprint().size() == 43);
    CHECK(key.authorization("tok") == "tok." + key.thumbprint());
    for (int i = 0; i < 200; ++i) {  // one in 128 has a number that is shorter by an octet
        const auto text = "text " + std::to_string(i);
        REQUIRE(verifies(key, text, again->sign(text)));
    }
    CHECK_FALSE(verifies(key, "text", key.sign("other")));
    CHECK_FALSE(AccountKey::from_pem("no key"));
    const test::Authority authority("root");
    CHECK_FALSE(AccountKey::from_pem(authority.sign({"a.test"}, test::KeyKind::rsa2048).key));
    CHECK_FALSE(AccountKey::from_pem(test::with_password(key.pem(), "secret")));
}

TEST_CASE("a body says who signs, for what URL, and with which nonce; the signature is over both halves") {
    const auto key = AccountKey::make();
    const auto body = Json::parse(signed_body(key, "", "https://ca.test/a", "n1", nlohmann::ordered_json{{"x", 1}}));
    const auto head = Json::parse(*from_base64url(body["protected"].get<std::string>()));
    CHECK(head["alg"] == "ES256");
    CHECK(head["nonce"] == "n1");
    CHECK(head["url"] == "https://ca.test/a");
    CHECK(head["jwk"] == Json(key.jwk()));
    CHECK_FALSE(head.contains("kid"));
    CHECK(*from_base64url(body["payload"].get<std::string>()) == R"({"x":1})");
    CHECK(verifies(key, body["protected"].get<std::string>() + "." + body["payload"].get<std::string>(),
                   *from_base64url(body["signature"].get<std::string>())));
    const auto get = Json::parse(signed_body(key, "https://ca.test/acct/1", "https://ca.test/o", "n2", std::nullopt));
    CHECK(get["payload"] == "");
    const auto by = Json::parse(*from_base64url(get["protected"].get<std::string>()));
    CHECK(by["kid"] == "https://ca.test/acct/1");
    CHECK_FALSE(by.contains("jwk"));
}

TEST_CASE("a binding is the account's key, signed with what the authority has given out") {
    const auto key = AccountKey::make();
    const auto binding = account_binding(key, "https://ca.test/a", "kid-1", "secret");
    CHECK(Json::parse(*from_base64url(binding["protected"].get<std::string>())) ==
          Json{{"alg", "HS256"}, {"kid", "kid-1"}, {"url", "https://ca.test/a"}});
    CHECK(Json::parse(*from_base64url(binding["payload"].get<std::string>())) == Json(key.jwk()));
    CHECK(from_base64url(binding["signature"].get<std::string>())->size() == 32);
    CHECK(account_binding(key, "https://ca.test/a", "kid-1", "other")["signature"] != binding["signature"]);
}

TEST_CASE("a request names its hosts and is signed with its own key") {
    const auto request = make_request({"shop.example", "www.shop.example"});
    const auto* at = reinterpret_cast<const unsigned char*>(request.der.data());
    X509_REQ* read = d2i_X509_REQ(nullptr, &at, static_cast<long>(request.der.size()));
    REQUIRE(read != nullptr);
    CHECK(X509_REQ_verify(read, X509_REQ_get0_pubkey(read)) == 1);
    auto* extensions = X509_REQ_get_extensions(read);
    auto* names = static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr));
    REQUIRE(sk_GENERAL_NAME_num(names) == 2);
    const auto* second = sk_GENERAL_NAME_value(names, 1)->d.dNSName;
    CHECK(std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(second)),
                      static_cast<std::size_t>(ASN1_STRING_length(second))) == "www.shop.example");
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(read);
    CHECK(make_request({"shop.example"}).key_pem != request.key_pem);
    // A name that is too long for a subject is still one of the hosts.
    CHECK_FALSE(make_request({std::string(60, 'a') + ".example"}).der.empty());
}

TEST_CASE("the proof of tls-alpn-01 has the digest in a critical extension, and the host as its only name") {
    const auto proof = make_proof("shop.example", "tok.thumb");
    CHECK(proof->names == std::vector<std::string>{"shop.example"});
    const ASN1_OBJECT* kind = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    const int at = X509_get_ext_by_OBJ(proof->leaf.get(), kind, -1);
    REQUIRE(at >= 0);
    X509_EXTENSION* extension = X509_get_ext(proof->leaf.get(), at);
    CHECK(X509_EXTENSION_get_critical(extension) == 1);
    const auto* data = X509_EXTENSION_get_data(extension);
    const std::string der(reinterpret_cast<const char*>(ASN1_STRING_get0_data(data)),
                          static_cast<std::size_t>(ASN1_STRING_length(data)));
    CHECK(der == std::string("\x04\x20", 2) + sha256("tok.thumb"));
    ASN1_OBJECT_free(const_cast<ASN1_OBJECT*>(kind));
}

TEST_CASE("a renewal is asked for by issuer and serial, and not where no issuer is named") {
    const test::Authority authority("root");
    const auto made = authority.sign({"a.test"});
    std::string why;
    const auto identity = net::read_tls_identity(made.certificate, made.key, "c", "k", &why);
    const auto id = renewal_id(*identity);
    if (!id.empty()) CHECK(id.find('.') != std::string::npos);
    CHECK(renewal_id(*make_proof("a.test", "x")).empty());
}
