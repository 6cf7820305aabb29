// What is said of a certificate and its key, and which names it answers to.
#include "proxy/net/tls_identity.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>

#include "tests/support/certificates.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

std::string refusal(const std::string& chain, const std::string& key) {
    std::string why;
    CHECK(net::read_tls_identity(chain, key, "shop.pem", "shop.key", &why) == nullptr);
    return why;
}

bool says(const std::vector<std::string>& warnings, std::string_view part) {
    return std::any_of(warnings.begin(), warnings.end(), [&](const auto& w) { return w.find(part) != w.npos; });
}

}  // namespace

TEST_CASE("a certificate with its chain and key is taken, in order, without a warning") {
    const Authority root("root");
    const Authority middle("middle", &root);
    const auto made = middle.sign({"Shop.Example", "*.shop.example"});
    std::string why;
    const auto identity =
        net::read_tls_identity(made.certificate + middle.certificate(), made.key, "shop.pem", "shop.key", &why);
    REQUIRE_MESSAGE(identity != nullptr, why);
    CHECK(identity->names == std::vector<std::string>{"shop.example", "*.shop.example"});
    CHECK(identity->key_kind == "ECDSA P-256");
    CHECK(identity->issuer == "CN=middle");
    CHECK(identity->fingerprint.size() == 64);
    CHECK(sk_X509_num(identity->chain.get()) == 1);
    CHECK(identity->warnings_at(std::time(nullptr)).empty());
}

TEST_CASE("a wildcard stands for one label and for nothing else") {
    const Authority root("root");
    const auto made = root.sign({"a.test", "*.b.test"});
    std::string why;
    const auto identity = net::read_tls_identity(made.certificate, made.key, "c", "k", &why);
    REQUIRE(identity != nullptr);
    for (const char* covered : {"a.test", "x.b.test"}) CHECK_MESSAGE(identity->covers(covered), covered);
    for (const char* other : {"x.a.test", "b.test", "y.x.b.test", ".b.test", ""})
        CHECK_MESSAGE(!identity->covers(other), other);
}

TEST_CASE("what cannot be used is refused in words that name the file and the cure") {
    const Authority root("root");
    const auto made = root.sign({"a.test"});
    const auto other = root.sign({"a.test"});
    CHECK(refusal("", made.key).find("shop.pem: holds no certificate") == 0);
    CHECK(refusal(made.certificate, "").find("shop.key: holds no private key") == 0);
    CHECK(refusal(made.certificate.substr(0, made.certificate.size() / 2), made.key).find("cut short") !=
          std::string::npos);
    CHECK(refusal(made.certificate, other.key).find("is not that of the certificate in shop.pem") != std::string::npos);
    CHECK(refusal(root.certificate() + made.certificate, made.key).find("stands at place 2; put it first") !=
          std::string::npos);
    const auto locked = refusal(made.certificate, with_password(made.key, "secret"));
    CHECK(locked.find("protected by a password") != std::string::npos);
    CHECK(locked.find("openssl pkey -in shop.key") != std::string::npos);
    const auto weak = root.sign({"a.test"}, KeyKind::rsa1024);
    CHECK(refusal(weak.certificate, weak.key).find("RSA 1024) is too weak") != std::string::npos);
    std::string bundle = made.certificate;
    for (int i = 0; i < 11; ++i) bundle += root.certificate();
    CHECK(refusal(bundle, made.key).find("bundle of authorities") != std::string::npos);
}

TEST_CASE("no sentence holds a byte of the key") {
    const Authority root("root");
    const auto made = root.sign({"a.test"});
    const auto other = root.sign({"a.test"});
    const auto body = other.key.substr(other.key.find('\n') + 1, 20);
    for (const auto& sentence : {refusal(made.certificate, other.key), refusal("", other.key)})
        CHECK(sentence.find(body) == std::string::npos);
}

TEST_CASE("an old or lonely certificate is a warning, so that it never holds a change back") {
    const Authority root("root");
    const Authority middle("middle", &root);
    const std::int64_t now = std::time(nullptr);
    const auto read = [](const Made& made, const std::string& chain) {
        std::string why;
        auto identity = net::read_tls_identity(made.certificate + chain, made.key, "c.pem", "c.key", &why);
        REQUIRE_MESSAGE(identity != nullptr, why);
        return identity;
    };
    const auto made = middle.sign({"a.test"});
    CHECK(says(read(made, "")->warnings_at(now), "that signed it (CN=middle) is missing"));
    CHECK(says(read(made, root.certificate() + middle.certificate())->warnings_at(now), "out of order"));
    CHECK(says(read(made, middle.certificate() + Authority("else").certificate())->warnings_at(now), "is left out"));
    CHECK(says(read(middle.sign({}), middle.certificate())->warnings_at(now), "names no host"));

    const auto lasts = read(middle.sign({"a.test"}, KeyKind::p256, 0, 20 * 86'400), middle.certificate());
    CHECK(lasts->warnings_at(now).empty());
    CHECK(says(lasts->warnings_at(now + 14 * 86'400), "expires on"));
    CHECK(says(lasts->warnings_at(now + 21 * 86'400), "expired on"));
    CHECK(says(lasts->warnings_at(now - 86'400), "not valid before"));
}
