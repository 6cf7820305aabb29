// PROXY protocol: in, on a listener that expects it, and out, to endpoints that want it.
#include <doctest/doctest.h>

#include "exchanges.h"
#include "proxy/http/proxy_protocol.h"
#include "proxy/net/socket_address.h"

using namespace switchyard::test;

namespace {

const std::string kExpects = R"("proxy_protocol": true)";

std::uint16_t local_port(const Wire& wire) {
    switchyard::net::SocketAddress address;
    socklen_t length = sizeof address.storage;
    REQUIRE(::getsockname(wire.descriptor(), address.get(), &length) == 0);
    return address.port();
}

}  // namespace

TEST_CASE("the address in the header is the client's from then on") {
    Stage stage(1, {}, {}, kExpects);
    Wire client = stage.client("10.9.9.9");
    stage.crank->send(client, "PROXY TCP4 192.0.2.7 127.0.0.1 1234 80\r\n" + kGet);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\nX-Forwarded-For: 192.0.2.7\r\n");
    stage.crank->send(endpoint, kOk);
    stage.crank->see(client, "ok");
    client.take();
    endpoint.take();
    // Only the connection begins with a header, not each request.
    stage.crank->send(client, kGet);
    stage.crank->see(endpoint, "\r\nX-Forwarded-For: 192.0.2.7\r\n");
}

TEST_CASE("a header may come in pieces, and name nobody") {
    Stage stage(1, {}, {}, kExpects);
    Wire client = stage.client("10.9.9.9");
    const std::string header = "PROXY UNKNOWN\r\n";
    for (char c : header) stage.crank->send(client, std::string(1, c));
    stage.crank->send(client, kGet);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\nX-Forwarded-For: 10.9.9.9\r\n");
}

TEST_CASE("whoever does not begin with a header gets no answer") {
    for (const std::string& bytes : {kGet, std::string("PROXY TCP4 nonsense\r\n") + kGet}) {
        Stage stage(1, {}, {}, kExpects);
        Wire client = stage.client();
        stage.crank->send(client, bytes);
        CHECK(stage.crank->see_end(client).empty());
        CHECK(stage.crank->sessions() == 0);
    }
}

TEST_CASE("a header that does not come ends the connection at the head timeout") {
    Stage stage(1, {}, {}, kExpects + R"(, "head_timeout": "5s")");
    Wire client = stage.client();
    stage.crank->send(client, "PROXY TCP4 192.0.2.7 ");
    stage.crank->pass(5200);
    CHECK(stage.crank->see_end(client).empty());
}

TEST_CASE("of whom a header is taken says the listener: others are refused at once, or are clients themselves") {
    const std::string header = "PROXY TCP4 192.0.2.7 127.0.0.1 1234 80\r\n";
    const std::string from = R"(, "proxy_protocol_from": ["10.0.0.0/8"])";
    Stage refusing(1, {}, {}, kExpects + from);
    Wire stranger = Wire::connect(refusing.crank->port());
    CHECK(refusing.crank->see_end(stranger).empty());  // it has said nothing yet
    Wire balancer = refusing.client("10.9.9.9");
    refusing.crank->send(balancer, header + kGet);
    Wire endpoint = refusing.accept();
    refusing.crank->see(endpoint, "\r\nX-Forwarded-For: 192.0.2.7\r\n");
    CHECK(refusing.crank->report().refused.peers == 1);
    // Those that are named have to say it, as ever.
    Wire silent = refusing.client("10.9.9.8");
    refusing.crank->send(silent, kGet);
    CHECK(refusing.crank->see_end(silent).empty());

    Stage plain(1, {}, {}, kExpects + from + R"(, "proxy_protocol_others": "plain")");
    Wire other = plain.client("192.0.2.1");
    plain.crank->send(other, kGet);
    Wire asked = plain.accept();
    plain.crank->see(asked, "\r\nX-Forwarded-For: 192.0.2.1\r\n");
    // What it says in the words of the protocol is a malformed request, and names no client.
    Wire liar = plain.client("192.0.2.1");
    plain.crank->send(liar, header + kGet);
    CHECK(status_of(plain.crank->see_end(liar)) == "400");
}

TEST_CASE("where it may be left out, a connection of a named peer is known by its first octets, in pieces too") {
    const std::string listener =
        kExpects + R"(, "proxy_protocol_from": ["10.0.0.0/8"], "proxy_protocol_optional": true)";
    const auto seen_by_endpoint = [&](const std::string& bytes, bool in_pieces) {
        Stage stage(1, {}, {}, listener);
        Wire client = stage.client("10.9.9.9");
        if (in_pieces)
            for (const char c : bytes) stage.crank->send(client, std::string(1, c));
        else
            stage.crank->send(client, bytes);
        Wire endpoint = stage.accept();
        return stage.crank->see(endpoint, "\r\n\r\n");
    };
    const std::string header = "PROXY TCP4 192.0.2.7 127.0.0.1 1234 80\r\n";
    const std::string version_2("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\x7f\0\0\1\4\xd2\0\x50", 28);
    for (const bool in_pieces : {false, true}) {
        CAPTURE(in_pieces);
        CHECK(values(seen_by_endpoint(kGet, in_pieces), "X-Forwarded-For") == "10.9.9.9");
        CHECK(values(seen_by_endpoint(post(), in_pieces), "X-Forwarded-For") == "10.9.9.9");  // begins as PROXY does
        CHECK(values(seen_by_endpoint(header + kGet, in_pieces), "X-Forwarded-For") == "192.0.2.7");
        CHECK(values(seen_by_endpoint(version_2 + kGet, in_pieces), "X-Forwarded-For") == "192.0.2.7");
    }
    Stage stage(1, {}, {}, listener + R"(, "head_timeout": "5s")");
    Wire client = stage.client("10.9.9.9");
    stage.crank->send(client, "PRO");
    stage.crank->pass(5200);
    CHECK(stage.crank->see_end(client).empty());
}

TEST_CASE("an endpoint that wants it is told first, on a connection of its own for each request") {
    Stage stage(1, {}, R"("send_proxy_protocol": 1)");
    Wire client = stage.client();
    for (int i = 0; i < 2; ++i) {
        stage.crank->send(client, kGet);
        Wire endpoint = stage.accept();
        const auto seen = stage.crank->see(endpoint, "\r\n\r\n");
        CAPTURE(seen);
        const auto header = switchyard::http::read_proxy_header(seen);
        REQUIRE(header.outcome == switchyard::http::ProxyHeader::Outcome::done);
        CHECK(seen.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 "));
        CHECK(header.source.port == local_port(client));
        CHECK(seen.substr(header.size).starts_with("GET / HTTP/1.1\r\n"));
        stage.crank->send(endpoint, kOk);
        stage.crank->see(client, "ok");
        client.take();
        stage.crank->see_end(endpoint);
    }
}

TEST_CASE("what came in by the protocol goes out by it, in version 2") {
    Stage stage(1, {}, R"("send_proxy_protocol": 2)", kExpects);
    Wire client = stage.client();
    stage.crank->send(client, "PROXY TCP4 192.0.2.7 127.0.0.1 1234 80\r\n" + kGet);
    Wire endpoint = stage.accept();
    const auto seen = stage.crank->see(endpoint, "GET / ");
    CHECK(seen.starts_with(std::string("\r\n\r\n\0\r\nQUIT\n\x21", 13)));
}
