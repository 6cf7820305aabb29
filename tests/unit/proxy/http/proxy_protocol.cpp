#include "proxy/http/proxy_protocol.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace switchyard::http;
using Outcome = ProxyHeader::Outcome;

namespace {

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string version_2(char command, char family, const std::string& rest) {
    std::string out = kSignature + command + family;
    out += static_cast<char>(rest.size() >> 8);
    out += static_cast<char>(rest.size() & 0xff);
    return out + rest;
}

const std::string kV4("\x0a\x00\x00\x01\x7f\x00\x00\x01\x04\xd2\x00\x50", 12);

}  // namespace

TEST_CASE("version 1 names the client") {
    const std::string header = "PROXY TCP4 10.0.0.1 127.0.0.1 1234 80\r\n";
    const auto got = read_proxy_header(header + "GET / HTTP/1.1\r\n");
    REQUIRE(got.outcome == Outcome::done);
    CHECK(got.size == header.size());
    CHECK(got.has_address);
    CHECK(got.source.is_v4());
    CHECK(got.source.bytes[12] == 10);
    CHECK(got.source.port == 1234);
    CHECK(got.destination.port == 80);
    const auto six = read_proxy_header("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n");
    REQUIRE(six.outcome == Outcome::done);
    CHECK_FALSE(six.source.is_v4());
    CHECK(six.source.bytes[0] == 0x20);
    CHECK(six.destination.port == 65535);
}

TEST_CASE("version 2 names the client, and its extensions are passed over") {
    const auto four = read_proxy_header(version_2(0x21, 0x11, kV4) + "GET");
    REQUIRE(four.outcome == Outcome::done);
    CHECK(four.size == 28);
    CHECK(four.source.bytes[12] == 10);
    CHECK(four.source.port == 1234);
    const auto extended =
        read_proxy_header(version_2(0x21, 0x11, kV4 + std::string("\x03\x00\x04\x01\x02\x03\x04", 7)));
    CHECK(extended.outcome == Outcome::done);
    CHECK(extended.size == 35);
    std::string six(36, '\1');
    CHECK(read_proxy_header(version_2(0x21, 0x21, six)).outcome == Outcome::done);
}

TEST_CASE("headers that name nobody are well formed") {
    for (const std::string& header :
         {std::string("PROXY UNKNOWN\r\n"), std::string("PROXY UNKNOWN ffff::1 ::1 1 2\r\n"), version_2(0x20, 0x00, ""),
          version_2(0x20, 0x11, kV4), version_2(0x21, 0x00, ""), version_2(0x21, 0x31, std::string(216, 'x'))}) {
        CAPTURE(header);
        const auto got = read_proxy_header(header);
        CHECK(got.outcome == Outcome::done);
        CHECK(got.size == header.size());
        CHECK_FALSE(got.has_address);
    }
}

TEST_CASE("anything else is refused") {
    const std::vector<std::string> rows = {
        "GET / HTTP/1.1\r\n",
        "PROXY\r\n",
        "proxy TCP4 10.0.0.1 127.0.0.1 1234 80\r\n",
        "PROXY TCP4 10.0.0.1 127.0.0.1 1234\r\n",
        "PROXY TCP4 10.0.0.1 127.0.0.1 1234 80 \r\n",
        "PROXY TCP4  10.0.0.1 127.0.0.1 1234 80\r\n",
        "PROXY TCP4 10.0.0.1 127.0.0.1 01234 80\r\n",
        "PROXY TCP4 10.0.0.1 127.0.0.1 65536 80\r\n",
        "PROXY TCP4 10.0.0.1 127.0.0.1 -1 80\r\n",
        "PROXY TCP4 10.0.0.256 127.0.0.1 1 80\r\n",
        "PROXY TCP4 ::1 ::1 1 80\r\n",
        "PROXY TCP6 10.0.0.1 127.0.0.1 1 80\r\n",
        "PROXY UDP4 10.0.0.1 127.0.0.1 1 80\r\n",
        "PROXY UNKNOWNX\r\n",
        "PROXY TCP4 10.0.0.1 127.0.0.1 1 80" + std::string(120, ' '),
        version_2(0x22, 0x11, kV4),            // no such command
        version_2(0x11, 0x11, kV4),            // no such version
        version_2(0x21, 0x12, kV4),            // datagrams
        version_2(0x21, 0x41, kV4),            // no such family
        version_2(0x21, 0x11, kV4.substr(1)),  // cut addresses
        version_2(0x21, 0x21, kV4),
        version_2(0x21, 0x11, kV4 + std::string("\x03\x00", 2)),  // cut extension
        version_2(0x21, 0x11, kV4 + std::string("\x03\x00\x05x", 4)),
        version_2(0x21, 0x11, kV4 + std::string(5000, '\0')),  // too long
        kSignature.substr(0, 11) + "X",
    };
    for (const auto& row : rows) {
        CAPTURE(row);
        CHECK(read_proxy_header(row).outcome == Outcome::bad);
    }
}

TEST_CASE("every part of a header asks for more, none is taken for a whole one") {
    for (const std::string& header : {std::string("PROXY TCP4 10.0.0.1 127.0.0.1 1234 80\r\n"),
                                      version_2(0x21, 0x11, kV4), version_2(0x20, 0, "")}) {
        for (std::size_t size = 0; size < header.size(); ++size) {
            CAPTURE(size);
            CHECK(read_proxy_header(header.substr(0, size)).outcome == Outcome::more);
        }
    }
}

TEST_CASE("what is written reads back") {
    ProxyAddress v4, v6;
    v4.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    v4.port = 65535;
    v6.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    v6.port = 443;
    for (unsigned version : {1u, 2u}) {
        for (const auto& [from, to] : {std::pair(v4, v4), std::pair(v6, v6), std::pair(v4, v6)}) {
            char text[kMaxWrittenProxyHeader];
            const std::size_t size = write_proxy_header(text, version, true, from, to);
            CAPTURE(std::string(text, size));
            const auto got = read_proxy_header({text, size});
            REQUIRE(got.outcome == Outcome::done);
            CHECK(got.size == size);
            CHECK(got.source.bytes == from.bytes);
            CHECK(got.source.port == from.port);
            CHECK(got.destination.bytes == to.bytes);
            CHECK(got.destination.port == to.port);
        }
        char text[kMaxWrittenProxyHeader];
        const auto got = read_proxy_header({text, write_proxy_header(text, version, false, v4, v4)});
        CHECK(got.outcome == Outcome::done);
        CHECK_FALSE(got.has_address);
    }
}

TEST_CASE("the header of a connection of our own is well-formed in both versions and names nobody") {
    for (const unsigned version : {1u, 2u}) {
        const auto bytes = own_proxy_header(version);
        const auto header = read_proxy_header(bytes);
        CHECK(header.outcome == ProxyHeader::Outcome::done);
        CHECK(header.size == bytes.size());
        CHECK_FALSE(header.has_address);
    }
}
