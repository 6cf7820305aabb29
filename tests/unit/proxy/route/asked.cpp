#include "proxy/route/asked.h"

#include <doctest/doctest.h>

#include <string>

#include "proxy/http/head_parser.h"
#include "proxy/route/expression.h"
#include "proxy/route/route.h"

using namespace switchyard;
using route::Asked;
using route::ClientAddress;

namespace {

struct Read {
    std::string text;
    Asked asked;
    Failure failure;

    explicit Read(std::string head) : text(std::move(head)) {
        REQUIRE(http::HeadParser().request(text, asked.head) == http::HeadParser::Outcome::done);
        failure = asked.check(text.data());
    }
};

route::CidrSet loopback() {
    return route::CidrSet({"127.0.0.0/8"});
}

}  // namespace

TEST_CASE("what a request must not be, each with its failure") {
    struct Row {
        std::string head;
        Failure failure;
        const char* reason;  // begins with it
    };
    const std::string eleven_passes = [] {
        std::string out = "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 switchyard";
        for (int i = 1; i < 11; ++i) out += ", 1.1 switchyard";
        return out + "\r\n\r\n";
    }();
    const Row rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Failure::none, ""},
        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", Failure::bad_expectation, ""},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Failure::unknown_coding, ""},
        {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", Failure::bad_request, "a path with a broken escape"},
        {"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", Failure::bad_request, "a path with a broken escape"},
        {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", Failure::not_allowed, "Max-Forwards is used up"},
        {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", Failure::bad_request, "a Max-Forwards"},
        {"GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", Failure::none, ""},
        {"TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", Failure::bad_request, "TRACE with a body"},
        {eleven_passes, Failure::loop, ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.head);
        const Read read(row.head);
        CHECK(read.failure == row.failure);
        CHECK(std::string(read.asked.refusal).rfind(row.reason, 0) == 0);
    }
}

TEST_CASE("host and path are what routing goes by: lower case, normalized") {
    const Read read("GET /a//b/../c?q=1 HTTP/1.1\r\nHost: Forum.Example:8080\r\n\r\n");
    REQUIRE(read.failure == Failure::none);
    CHECK(read.asked.facts.host == "forum.example");
    CHECK(read.asked.facts.path == "/a/c");
    CHECK(read.asked.facts.query == "q=1");
    CHECK(read.asked.target.path == "/a//b/../c");
    CHECK(read.asked.idempotent());
}

TEST_CASE("the client is the peer, or whom a trusted peer names") {
    const std::string head =
        "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=192.0.2.7;proto=https\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n";
    {
        Read read(head);
        read.asked.believe(ClientAddress::parse("203.0.113.1"), loopback(), "");
        CHECK_FALSE(read.asked.trusted_peer);
        CHECK(read.asked.facts.client == ClientAddress::parse("203.0.113.1"));
        CHECK(read.asked.said_scheme.empty());
    }
    {
        Read read(head);
        read.asked.believe(ClientAddress::parse("127.0.0.1"), loopback(), "forwarded");
        CHECK(read.asked.trusted_peer);
        CHECK(read.asked.facts.client == ClientAddress::parse("192.0.2.7"));
        CHECK(read.asked.said_scheme == "https");
    }
    {
        Read read(head);
        read.asked.believe(ClientAddress::parse("127.0.0.1"), loopback(), "x-forwarded-for");
        CHECK(read.asked.facts.client == ClientAddress::parse("192.0.2.9"));
    }
}

TEST_CASE("what the expressions of a route take is looked for once") {
    route::Route route;
    route.path_groups = std::make_shared<const route::Expression>("^/(a+)/(b+)", 0, true);
    Read read("GET /aa/b HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(read.asked.groups(route).of_path(1) == "aa");
    CHECK(read.asked.groups(route).of_host(1).empty());
    read.asked.facts.path = "/a/bb";  // is not looked at again …
    CHECK(read.asked.groups(route).of_path(1) == "aa");
    CHECK(read.asked.groups(route).of_path(2) == "b");
    read.asked.forget_route();  // … unless it is routed anew
    CHECK(read.asked.groups(route).of_path(2) == "bb");
}
