#include "proxy/route/cidr_set.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "config/model/cidr.h"
#include "proxy/route/access_list.h"

using namespace switchyard::route;

namespace {

std::string text_of(const ClientAddress& address) {
    char text[64];
    return std::string(text, address.write(text));
}

}  // namespace

TEST_CASE("a network contains its addresses and no others") {
    struct Row {
        const char* network;
        const char* address;
        bool inside;
    };
    const Row kRows[] = {
        {"10.0.0.0/8", "10.0.0.0", true},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"192.168.4.0/23", "192.168.5.255", true},
        {"192.168.4.0/23", "192.168.6.0", false},
        {"1.2.3.4", "1.2.3.4", true},
        {"1.2.3.4", "1.2.3.5", false},
        {"1.2.3.4/32", "1.2.3.4", true},
        {"0.0.0.0/0", "255.1.2.3", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},  // an IPv4 client on an IPv6 listener
        {"::/0", "10.1.2.3", false},              // as in access lists
        {"::/0", "::ffff:10.1.2.3", false},
        {"::/80", "10.1.2.3", false},
        {"::ffff:0.0.0.0/96", "10.1.2.3", true},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"::ffff:10.0.0.0/104", "11.1.2.3", false},
        {"::ffff:10.0.0.0/104", "::1", false},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.network);
        CAPTURE(row.address);
        CHECK(CidrSet({row.network}).contains(ClientAddress::parse(row.address)) == row.inside);
    }
}

TEST_CASE("every prefix length agrees with the bits") {
    std::mt19937 random(1);
    for (unsigned bits = 0; bits <= 32; ++bits) {
        for (int round = 0; round < 100; ++round) {
            const auto number = [](std::uint32_t v) {
                return std::to_string(v >> 24) + '.' + std::to_string(v >> 16 & 255) + '.' +
                       std::to_string(v >> 8 & 255) + '.' + std::to_string(v & 255);
            };
            const std::uint32_t mask = bits == 0 ? 0 : ~0u << (32 - bits);
            const auto network = static_cast<std::uint32_t>(random()) & mask;
            std::uint32_t address = network ^ (1u << random() % 32);
            CAPTURE(number(network));
            CAPTURE(number(address));
            CAPTURE(bits);
            REQUIRE(CidrSet({number(network) + '/' + std::to_string(bits)})
                        .contains(ClientAddress::parse(number(address))) == ((address & mask) == network));
        }
    }
}

TEST_CASE("a unix client is in no network") {
    CHECK_FALSE(CidrSet({"0.0.0.0/0", "::/0"}).contains(ClientAddress{}));
    CHECK_FALSE(CidrSet{}.contains(ClientAddress::parse("1.2.3.4")));
}

TEST_CASE("an address is written as it was read") {
    for (const char* text : {"127.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "2001:db8::1"})
        CHECK(text_of(ClientAddress::parse(text)) == text);
    CHECK(text_of(ClientAddress::parse("::ffff:1.2.3.4")) == "1.2.3.4");
    CHECK(text_of(ClientAddress{}) == "unix");
    CHECK_FALSE(ClientAddress::parse("1.2.3").is_ip);
    CHECK_FALSE(ClientAddress::parse("").is_ip);
}

TEST_CASE("a block means the same clients to those that are trusted, to access lists and to a block by itself") {
    const char* const blocks[] = {"::/0",       "0.0.0.0/0",       "::/80", "::ffff:0.0.0.0/96", "::ffff:10.0.0.0/104",
                                  "10.0.0.0/8", "::ffff:10.1.2.3", "::1",   "2001:db8::/32",     "10.1.2.3"};
    const char* const addresses[] = {"10.1.2.3", "::ffff:10.1.2.3", "11.1.2.3", "::1", "::a01:203", "2001:db8::5"};
    for (const char* const block : blocks)
        for (const char* const text : addresses) {
            CAPTURE(block);
            CAPTURE(text);
            const auto address = ClientAddress::parse(text);
            const bool inside = CidrSet({block}).contains(address);
            CHECK(AccessList({.allow = {block}, .deny = {}}).admits(address) == inside);
            CHECK(switchyard::config::Cidr::parse(block)->contains(text) == inside);
        }
}
