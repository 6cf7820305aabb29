// Which certificate answers to which name.
#include "proxy/net/tls_book.h"

#include <doctest/doctest.h>

#include "tests/support/certificates.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

net::TlsBook::Identity identity(const std::vector<std::string>& names, KeyKind kind = KeyKind::p256) {
    static const Authority root("root");
    const auto made = root.sign(names, kind);
    std::string why;
    auto out = net::read_tls_identity(made.certificate, made.key, "c", "k", &why);
    REQUIRE_MESSAGE(out != nullptr, why);
    return out;
}

}  // namespace

TEST_CASE("exact names win over wildcards, and a wildcard stands for one label") {
    net::TlsBook book;
    const auto exact = identity({"api.shop.test"});
    const auto wild = identity({"*.shop.test"});
    CHECK(book.add(wild).empty());
    CHECK(book.add(exact).empty());
    struct Row {
        const char* name;
        const net::TlsBook::Identity* expected;
    };
    const net::TlsBook::Identity none;
    for (const auto& row : {Row{"api.shop.test", &exact}, Row{"API.Shop.Test.", &exact}, Row{"www.shop.test", &wild},
                            Row{"shop.test", &none}, Row{"a.b.shop.test", &none}, Row{"", &none}, Row{".", &none},
                            Row{"127.0.0.1", &none}, Row{"a..shop.test", &none}, Row{"bad name.shop.test", &none}}) {
        CAPTURE(row.name);
        const auto* found = book.find(row.name);
        if (*row.expected == nullptr) {
            CHECK(found == nullptr);
        } else {
            REQUIRE(found != nullptr);
            CHECK(*found == net::TlsBook::Identities{*row.expected});
        }
    }
}

TEST_CASE("an ECDSA and an RSA certificate stand side by side for one name, two of a kind do not") {
    net::TlsBook book;
    const auto ecdsa = identity({"a.test"});
    const auto rsa = identity({"a.test"}, KeyKind::rsa2048);
    CHECK(book.add(ecdsa).empty());
    CHECK(book.add(rsa).empty());
    CHECK(book.find("a.test")->size() == 2);
    CHECK(book.add(identity({"b.test", "a.test"})) == "a.test");
    CHECK(book.add(ecdsa).empty());
    CHECK(book.find("a.test")->size() == 2);
}
