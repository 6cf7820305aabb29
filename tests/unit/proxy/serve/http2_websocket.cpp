// WebSocket over HTTP/2 (RFC 8441) to an HTTP/1 endpoint: an upgrade there, a tunnel of DATA frames here.
#include <doctest/doctest.h>

#include "http2_stage.h"
#include "proxy/http/websocket.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::ErrorCode;

namespace {

Pairs socket_head(Pairs more = {}, const std::string& protocol = "websocket") {
    Pairs out = {{":method", "CONNECT"},    {":protocol", protocol}, {":scheme", "https"},
                 {":path", "/chat?room=1"}, {":authority", "a"},     {"sec-websocket-version", "13"}};
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

std::string proof_of(const std::string& request) {
    const auto accept = http::websocket_accept(values(request, "sec-websocket-key"));
    return {accept.data(), accept.size()};
}

std::string switched(const std::string& proof) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           proof + "\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
}

struct Tunnelled : Http2Stage {
    explicit Tunnelled(const std::string& route = {}) : Http2Stage(route) {
        client.headers(1, socket_head(), false);
        connection = asked(request);
        crank->send(connection, switched(proof_of(request)));
        client.until("the tunnel", [&] { return !client.now(1).heads.empty(); });
    }
    std::string request;
    Wire connection;
};

}  // namespace

TEST_CASE("the key and its proof are those of RFC 6455") {
    const auto proof = http::websocket_accept("dGhlIHNhbXBsZSBub25jZQ==");
    CHECK(std::string(proof.data(), proof.size()) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    const auto key = http::websocket_key(0, 0);
    CHECK(std::string(key.data(), key.size()) == "AAAAAAAAAAAAAAAAAAAAAA==");
}

TEST_CASE("an extended CONNECT is an upgrade at the endpoint, and a tunnel both ways") {
    Tunnelled stage;
    CHECK(stage.request.starts_with("GET /chat?room=1 HTTP/1.1\r\nhost: a\r\n"));
    CHECK(values(stage.request, "upgrade") == "websocket");
    CHECK(values(stage.request, "connection") == "upgrade");
    CHECK(values(stage.request, "sec-websocket-key").size() == 24);
    CHECK(values(stage.request, "sec-websocket-version") == "13");
    CHECK(values(stage.request, "transfer-encoding") == "-");
    const auto& answer = stage.client.now(1);
    CHECK(answer.status() == "200");
    CHECK(answer.get("sec-websocket-protocol") == "chat");
    for (const auto* none : {"upgrade", "connection", "sec-websocket-accept", "content-length"})
        CHECK(answer.get(none) == "-");
    stage.client.data(1, "up");
    stage.crank->see(stage.connection, "up");
    stage.crank->send(stage.connection, "down");
    stage.client.until("octets", [&] { return stage.client.now(1).body == "down"; });
    CHECK_FALSE(stage.client.now(1).ended);
    // Each side ends by itself.
    stage.client.data(1, "bye", true);
    stage.crank->see(stage.connection, "bye");
    stage.crank->until("the end", [&] {
        stage.connection.read();
        return stage.connection.ended;
    });
    CHECK_FALSE(stage.client.now(1).ended);
    stage.crank->send(stage.connection, "last");
    stage.connection.close();
    CHECK(stage.client.answer(1).body == "downlast");
    CHECK(stage.client.now(1).reset == -1);
    CHECK(stage.crank->context.http2.exchanges == 0);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("the key is the proxy's, whatever the client says") {
    Http2Stage stage;
    stage.client.headers(1, socket_head({{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}}), false);
    std::string request;
    Wire connection = stage.asked(request);
    const auto key = values(request, "sec-websocket-key");
    CHECK(key.size() == 24);
    CHECK(key != "dGhlIHNhbXBsZSBub25jZQ==");
    stage.client.reset(1);
    stage.crank->see_end(connection);
}

TEST_CASE("what is no switch is never a tunnel to the client") {
    const struct {
        const char* what;
        std::string answer;
        const char* status;
    } cases[] = {
        {"a wrong proof", switched("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "502"},
        {"no proof", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "502"},
        {"a page", kOk, "502"},
        {"a refusal", "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", "403"},
        {"a redirect", "HTTP/1.1 302 There\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", "302"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.what);
        Http2Stage stage;
        stage.client.headers(1, socket_head(), false);
        std::string request;
        Wire connection = stage.asked(request);
        stage.crank->send(connection, one.answer);
        CHECK(stage.client.answer(1).status() == one.status);
        CHECK(stage.client.goaway == -1);
        CHECK(stage.in_flight() == 0);
    }
}

TEST_CASE("what the proxy answers by itself is no tunnel either") {
    Http2Stage stage(
        R"("rules": [{"name": "hi", "when": {"header": "x-own", "equals": "1"}, "respond": {"status": 200, "body": "hi"}},
                      {"name": "no", "when": {"header": "x-own", "equals": "2"}, "respond": {"status": 403, "body": "no"}}])");
    stage.client.headers(1, socket_head({{"x-own", "1"}}), false);
    CHECK(stage.client.answer(1).status() == "501");
    stage.client.headers(3, socket_head({{"x-own", "2"}}), false);
    CHECK(stage.client.answer(3).status() == "403");
    CHECK(stage.client.now(3).body == "no");
    // A client of HTTP/1 takes no 200 for a switch.
    Wire plain = stage.Stage::client();
    stage.crank->send(plain,
                      "GET / HTTP/1.1\r\nHost: a\r\nX-Own: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    CHECK(status_of(stage.crank->see(plain, "hi")) == "200");
    // What a plain CONNECT is answered is taken for a tunnel in both versions.
    Http2Stage connects(R"("allow_connect": true, "rules": [{"name": "hi", "when": {"header": "x-own", "equals": "1"},
        "respond": {"status": 200, "body": "hi"}}])");
    connects.client.headers(1, {{":method", "CONNECT"}, {":authority", "a:80"}, {"x-own", "1"}}, false);
    CHECK(connects.client.answer(1).status() == "501");
    Wire other = connects.Stage::client();
    connects.crank->send(other, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nX-Own: 1\r\n\r\n");
    CHECK(status_of(connects.crank->see(other, "}\n")) == "501");
}

TEST_CASE("octets that come before the switch reach the endpoint behind it") {
    Http2Stage stage;
    stage.client.headers(1, socket_head(), false);
    stage.client.data(1, "early");
    std::string request;
    Wire connection = stage.asked(request);
    CHECK(connection.seen.find("early") == std::string::npos);
    stage.crank->send(connection, switched(proof_of(request)));
    stage.crank->see(connection, "early");
}

TEST_CASE("a tunnel that its client resets, or that moves nothing for too long, ends at the endpoint too") {
    {
        Tunnelled stage;
        stage.client.reset(1);
        stage.crank->see_end(stage.connection);
        CHECK(stage.crank->context.http2.exchanges == 0);
    }
    Tunnelled stage(R"("timeouts": {"tunnel_idle": "5s"})");
    stage.crank->pass(4'000);
    CHECK(stage.client.now(1).reset == -1);
    stage.crank->pass(2'000);
    CHECK(stage.client.answer(1).reset == code(ErrorCode::cancel));
    stage.crank->see_end(stage.connection);
}

TEST_CASE("tunnels end with their endpoint's drain, spread over a while, and the connection lives on") {
    Tunnelled stage;
    auto config = one_route({stage.endpoints[0]->port()}, {}, {}, kBothProtocols);
    config.insert(config.find("\"}", config.find("address")), "\", \"state\": \"drain");
    stage.crank->publish(config);
    auto& context = stage.crank->context;
    context.tunnels.follow(*context.in_force->snapshot, context.now_ms, context.random);
    stage.crank->turn();
    stage.crank->pass(serve::Tunnels::kGraceMs - 500);
    CHECK(stage.client.now(1).reset == -1);
    stage.crank->pass(serve::Tunnels::kSpreadMs + 1'000);
    CHECK(stage.client.answer(1).reset == code(ErrorCode::cancel));
    CHECK(stage.client.goaway == -1);
    stage.crank->see_end(stage.connection);
}

TEST_CASE("of protocols only WebSocket is spoken, and a tunnel has no length") {
    Http2Stage stage;
    stage.client.headers(1, socket_head({}, "connect-udp"), false);
    CHECK(stage.client.answer(1).status() == "400");
    stage.client.headers(3, socket_head({{"content-length", "3"}}), false);
    CHECK(stage.client.answer(3).reset == code(ErrorCode::protocol_error));
    stage.client.headers(5, {{":method", "CONNECT"}, {":authority", "a:80"}}, false);
    CHECK(stage.client.answer(5).status()[0] == '4');
    CHECK(stage.client.goaway == -1);
}
