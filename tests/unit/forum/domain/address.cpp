#include "forum/domain/address.h"

#include <doctest/doctest.h>

using namespace forum;

TEST_CASE("limits by address take a /64 of IPv6 for one, and an IPv4 address however it is written") {
    CHECK(network_of("192.0.2.7") == "192.0.2.7");
    CHECK(network_of("::ffff:192.0.2.7") == "192.0.2.7");
    CHECK(network_of("2001:db8:1:1::7") == network_of("2001:db8:1:1:ffff:ffff:ffff:ffff"));
    CHECK(network_of("2001:db8:1:1::7") != network_of("2001:db8:1:2::7"));
    CHECK(network_of("[2001:db8:1:1::7]:443") == "2001:db8:1:1::/64");
    CHECK(network_of(std::string(5'000, 'x')).size() <= 64);
}

TEST_CASE("networks are told from what only looks like one") {
    const auto networks = Networks::from("127.0.0.0/8, ::1,10.1.2.3, 2001:db8::/33");
    REQUIRE(networks);
    struct Row {
        const char* address;
        bool held;
    };
    for (const Row row : {Row{"127.9.9.9", true}, Row{"128.0.0.1", false}, Row{"::1", true}, Row{"::2", false},
                          Row{"10.1.2.3", true}, Row{"10.1.2.4", false}, Row{"2001:db8:7fff::1", true},
                          Row{"2001:db8:8000::1", false}, Row{"::ffff:127.0.0.1", true}}) {
        CAPTURE(row.address);
        CHECK(networks->hold(address_from(row.address).value()) == row.held);
    }
    for (const char* wrong : {"localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "1.2.3"}) {
        CAPTURE(wrong);
        CHECK_FALSE(Networks::from(wrong));
    }
    CHECK_FALSE(Networks::from("")->hold(address_from("::1").value()));
}

TEST_CASE("addresses are read with brackets and ports, and nothing else is one") {
    CHECK(text_of(address_from(" [::1]:80 ").value()) == "::1");
    CHECK(text_of(address_from("127.0.0.1:80").value()) == "127.0.0.1");
    CHECK(address_from("127.0.0.1").value().is_loopback());
    CHECK(address_from("::1").value().is_loopback());
    CHECK_FALSE(address_from("::2").value().is_loopback());
    for (const char* wrong : {"", "unknown", "_hidden", "1.2.3.4.5", "[::1", "::1%lo"}) {
        CAPTURE(wrong);
        CHECK_FALSE(address_from(wrong));
    }
}
