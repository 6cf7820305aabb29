// Who the client is, by what trusted peers say: spellings of addresses, and which member of a list counts.
#include "proxy/route/said_client.h"

#include <doctest/doctest.h>

#include <string>

#include "proxy/http/head_parser.h"

using namespace switchyard;
using route::ClientAddress;

namespace {

std::string words(const ClientAddress& address) {
    char text[64];
    return address.is_ip ? std::string(text, address.write(text)) : "none";
}

// With 10.0.0.0/8 trusted and 10.9.9.9 as the peer.
std::string client(const std::string& lines, std::string_view header = {}) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
    http::Head head;
    REQUIRE(http::HeadParser().request(bytes, head) == http::HeadParser::Outcome::done);
    const route::CidrSet trusted({"10.0.0.0/8", "unix"});
    return words(route::said_client(bytes.data(), head, header, trusted, ClientAddress::parse("10.9.9.9")).client);
}

}  // namespace

TEST_CASE("an address is read in whichever way a proxy writes it") {
    struct Row {
        const char* text;
        const char* address;
    };
    const Row kRows[] = {
        {"203.0.113.7", "203.0.113.7"},
        {" 203.0.113.7\t", "203.0.113.7"},
        {"203.0.113.7:5000", "203.0.113.7"},
        {"\"203.0.113.7\"", "203.0.113.7"},
        {"\"203.0.113.7:65535\"", "203.0.113.7"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:DB8::1]:99", "2001:db8::1"},
        {"\"[2001:db8::1]:99\"", "2001:db8::1"},
        {"::ffff:203.0.113.7", "203.0.113.7"},
        {"[::ffff:203.0.113.7]:80", "203.0.113.7"},
        {"", "none"},
        {"\"\"", "none"},
        {"\"", "none"},
        {"unknown", "none"},
        {"_gazonk", "none"},
        {"unix", "none"},
        {"unix:", "none"},
        {"203.0.113", "none"},
        {"203.0.113.7:", "none"},
        {"203.0.113.7:http", "none"},
        {"203.0.113.7:123456", "none"},
        {"203.0.113.7 203.0.113.8", "none"},
        {"[203.0.113.7]", "none"},
        {"[2001:db8::1", "none"},
        {"2001:db8::1]", "none"},
        {"[2001:db8::1]99", "none"},
        {"[2001:db8::1]:", "none"},
        {"[]", "none"},
        {"fe80::1%eth0", "none"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.text);
        CHECK(words(route::parse_node(row.text)) == row.address);
    }
}

TEST_CASE("the client is the last that is not trusted") {
    struct Row {
        const char* lines;
        const char* who;
    };
    const Row kRows[] = {
        {"", "10.9.9.9"},
        {"X-Forwarded-For: 203.0.113.7:5000\r\n", "203.0.113.7"},
        {"X-Forwarded-For: 6.6.6.6, 203.0.113.7:5000\r\n", "203.0.113.7"},
        {"X-Forwarded-For: 203.0.113.7,\r\n", "203.0.113.7"},
        {"X-Forwarded-For: ,, 203.0.113.7 ,\t, 10.0.0.1:80,,\r\n", "203.0.113.7"},
        {"X-Forwarded-For: \"[2001:db8::1]:99\", [fe80::2]\r\n", "fe80::2"},
        {"X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", "10.0.0.1"},
        {"X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.2\r\n", "10.0.0.2"},
        {"X-Forwarded-For: 6.6.6.6, unknown\r\n", "10.9.9.9"},
        {"X-Forwarded-For: \r\n", "10.9.9.9"},
        // By the other standard, where the first says nothing.
        {"Forwarded: for=203.0.113.7\r\n", "203.0.113.7"},
        {"Forwarded: For=\"203.0.113.7:5000\";proto=https;by=10.0.0.1\r\n", "203.0.113.7"},
        {"Forwarded: proto=https; for=\"[2001:db8::1]:99\"\r\n", "2001:db8::1"},
        {"Forwarded: for=6.6.6.6, for=203.0.113.7;host=\"a,b;for=7.7.7.7\", for=10.0.0.1\r\n", "203.0.113.7"},
        {"Forwarded: for=6.6.6.6\r\nForwarded: for=203.0.113.7\r\n", "203.0.113.7"},
        {"Forwarded: for=6.6.6.6, for=_hidden\r\n", "10.9.9.9"},
        {"Forwarded: for=6.6.6.6, proto=https\r\n", "10.9.9.9"},
        {"Forwarded: for=\"6.6.6.6, for=203.0.113.7\r\n", "10.9.9.9"},
        {"Forwarded: host=\"\\\"\", for=203.0.113.7, ,\r\n", "203.0.113.7"},
        {"Forwarded: for=\"a\\\r\n", "10.9.9.9"},
        {"Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.lines);
        CHECK(client(row.lines) == row.who);
    }
}

TEST_CASE("a listener may say which header names the client, and then no other does") {
    const std::string both = "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=7.7.7.7\r\nX-Real-IP: 203.0.113.7\r\n";
    CHECK(client(both, "x-real-ip") == "203.0.113.7");
    CHECK(client(both, "x-forwarded-for") == "6.6.6.6");
    CHECK(client(both, "forwarded") == "7.7.7.7");
    CHECK(client(both, "x-client") == "10.9.9.9");
    CHECK(client("X-Client: 203.0.113.7, 10.0.0.1\r\n", "x-client") == "203.0.113.7");
    CHECK(client("X-CLIENT: [2001:db8::1]:5\r\n", "x-client") == "2001:db8::1");
    CHECK(client("Forwarded: for=7.7.7.7\r\n", "x-forwarded-for") == "10.9.9.9");
}

TEST_CASE("what else an element of Forwarded says is read from the one that the client stands in") {
    CHECK(route::parameter_of("for=1.2.3.4;proto=https", "proto") == "https");
    CHECK(route::parameter_of(" for=1.2.3.4 ; Proto = \"https\" ", "proto") == "https");
    CHECK(route::parameter_of("for=\"a;proto=http\";proto=https", "proto") == "https");
    CHECK(route::parameter_of("for=1.2.3.4;protocol=x", "proto").empty());
    const std::string bytes =
        "GET / HTTP/1.1\r\nForwarded: for=6.6.6.6;proto=a, for=7.7.7.7;proto=b, for=10.0.0.1;proto=c\r\n\r\n";
    http::Head head;
    REQUIRE(http::HeadParser().request(bytes, head) == http::HeadParser::Outcome::done);
    const auto said = route::said_client(bytes.data(), head, {}, route::CidrSet({"10.0.0.0/8"}), {});
    CHECK(words(said.client) == "7.7.7.7");
    CHECK(route::parameter_of(said.element, "proto") == "b");
}

TEST_CASE("a peer of a unix socket is trusted where that is said") {
    const ClientAddress nobody;
    CHECK(route::CidrSet({"unix"}).contains(nobody));
    CHECK_FALSE(route::CidrSet({"unix"}).empty());
    CHECK_FALSE(route::CidrSet({"unix"}).contains(ClientAddress::parse("127.0.0.1")));
    CHECK_FALSE(route::CidrSet({"0.0.0.0/0", "::/0"}).contains(nobody));
}
