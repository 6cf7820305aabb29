// WebSocket to endpoints of HTTP/2 (RFC 8441), from clients of either version.
#include <doctest/doctest.h>

#include "shared_stage.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::ErrorCode;
using http2::FrameType;

namespace {

const std::string kSwitch =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

// SETTINGS_ENABLE_CONNECT_PROTOCOL.
std::string takes_websocket() {
    return std::string("\0\x08", 2) + h2_number(1);
}

Pairs websocket_head() {
    return {{":method", "CONNECT"}, {":protocol", "websocket"},
            {":scheme", "http"},    {":path", "/chat"},
            {":authority", "a"},    {"sec-websocket-version", "13"},
            {"origin", "http://a"}, {"sec-websocket-protocol", "chat"}};
}

}  // namespace

TEST_CASE("a switch of HTTP/1 is an extended CONNECT at the endpoint, and a tunnel both ways") {
    SharedStage stage;
    Wire client = stage.ask(kSwitch);
    auto endpoint = stage.endpoint(0, takes_websocket());
    const auto& request = asked(*endpoint, 1);
    CHECK(request.get(":method") == "CONNECT");
    CHECK(request.get(":protocol") == "websocket");
    CHECK(request.get(":scheme") == "http");
    CHECK(request.get(":path") == "/chat");
    CHECK(request.get(":authority") == "a");
    CHECK(request.get("sec-websocket-version") == "13");
    for (const auto* none : {"sec-websocket-key", "connection", "upgrade", "host"}) CHECK(request.get(none) == "-");
    CHECK_FALSE(request.ended);
    endpoint->headers(1, {{":status", "200"}, {"sec-websocket-protocol", "x"}, {"sec-websocket-accept", "no"}}, false);
    const std::string answer = stage.crank->see(client, "\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 101 "));
    CHECK(values(answer, "sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(values(answer, "upgrade") == "websocket");
    CHECK(values(answer, "connection") == "upgrade");
    CHECK(values(answer, "sec-websocket-protocol") == "x");
    client.take();
    stage.crank->send(client, "up");
    endpoint->until("what goes up", [&] { return endpoint->now(1).body == "up"; });
    endpoint->data(1, "down");
    stage.crank->see(client, "down");
    // Each side ends by itself.
    client.shutdown_send();
    endpoint->until("its end", [&] { return endpoint->now(1).ended; });
    endpoint->data(1, "more", true);
    CHECK(stage.crank->see_end(client).ends_with("more"));
    CHECK(endpoint->now(1).reset == -1);
    CHECK(stage.in_flight() == 0);
    CHECK(stage.crank->report().upstream_connections_idle == 1);
}

TEST_CASE("an extended CONNECT is one at the endpoint, too") {
    SharedStage stage;
    auto client = stage.client2();
    client->headers(1, websocket_head(), false);
    client->data(1, "early");
    auto endpoint = stage.endpoint(0, takes_websocket());
    const auto& request = asked(*endpoint, 1);
    CHECK(request.get(":method") == "CONNECT");
    CHECK(request.get(":protocol") == "websocket");
    CHECK(request.get("origin") == "http://a");
    CHECK(request.get("sec-websocket-protocol") == "chat");
    CHECK(request.get("sec-websocket-key") == "-");
    CHECK(endpoint->now(1).body.empty());  // the endpoint has not said yet that it is a tunnel
    endpoint->headers(1, {{":status", "200"}, {"sec-websocket-protocol", "chat"}}, false);
    endpoint->until("what goes up", [&] { return endpoint->now(1).body == "early"; });
    endpoint->data(1, "down");
    client->until("what comes down", [&] { return client->now(1).body == "down"; });
    CHECK(client->now(1).status() == "200");
    CHECK(client->now(1).get("sec-websocket-protocol") == "chat");
    for (const auto* none : {"upgrade", "connection", "sec-websocket-accept"}) CHECK(client->now(1).get(none) == "-");
    SUBCASE("its end goes through") {
        client->data(1, "", true);
        endpoint->until("its end", [&] { return endpoint->now(1).ended; });
        CHECK_FALSE(client->now(1).ended);
        endpoint->data(1, "", true);
        CHECK(client->answer(1).ended);
        CHECK(endpoint->now(1).reset == -1);
    }
    SUBCASE("a client's reset goes through") {
        client->reset(1);
        endpoint->until("its end", [&] { return endpoint->now(1).reset >= 0; });
        CHECK(endpoint->now(1).reset == static_cast<std::int64_t>(ErrorCode::cancel));
    }
    SUBCASE("an endpoint's reset goes through") {
        endpoint->reset(1, ErrorCode::internal_error);
        CHECK(client->answer(1).reset >= 0);
        CHECK_FALSE(client->now(1).ended);
    }
    stage.crank->until("its end", [&] { return stage.in_flight() == 0; });
    CHECK(stage.crank->report().escaped == 0);
}

TEST_CASE("what an endpoint answers but a yes passes as an answer") {
    for (const bool http2 : {false, true}) {
        CAPTURE(http2);
        SharedStage stage;
        Wire plain;
        std::unique_ptr<Http2Client> client;
        if (http2) {
            client = stage.client2();
            client->headers(1, websocket_head(), false);
        } else {
            plain = stage.ask(kSwitch);
        }
        auto endpoint = stage.endpoint(0, takes_websocket());
        asked(*endpoint, 1);
        endpoint->headers(1, {{":status", "403"}, {"content-length", "2"}}, false);
        endpoint->data(1, "no", true);
        if (http2) {
            CHECK(client->answer(1).status() == "403");
            CHECK(client->now(1).body == "no");
        } else {
            CHECK(status_of(stage.crank->see(plain, "no")) == "403");
        }
        CHECK(stage.in_flight() == 0);
    }
}

TEST_CASE("an endpoint that does not take it is asked nothing, blamed for nothing, and the client is told") {
    SharedStage stage({}, R"("ejection": {"consecutive_failures": 1})");
    Wire first = stage.ask(kSwitch);
    auto endpoint = stage.endpoint();
    auto answer = stage.crank->see(first, "}\n");
    CHECK(status_of(answer) == "502");
    CHECK(answer.find("the endpoint takes no WebSocket over HTTP/2 (RFC 8441)") != std::string::npos);
    auto client = stage.client2();
    client->headers(1, websocket_head(), false);
    CHECK(client->answer(1).status() == "502");
    CHECK(endpoint->count(FrameType::headers) == 0);
    const auto report = stage.crank->report();
    REQUIRE(report.endpoints.size() == 1);
    CHECK(report.endpoints[0].refused == "the endpoint takes no WebSocket over HTTP/2 (RFC 8441)");
    CHECK(report.endpoints[0].counts.failed + report.endpoints[0].counts.unreachable == 0);
    CHECK(stage.crank->suspects.empty());
    // Others are served on the same connection.
    Wire other = stage.ask();
    asked(*endpoint, 1);
    answer_ok(*endpoint, 1);
    stage.crank->see(other, "ok");
    CHECK_FALSE(stage.connects());
}

TEST_CASE("an endpoint that never says what it takes is one that cannot be connected to, and is asked once") {
    SharedStage stage(R"("retries": {"attempts": 0})", R"("timeouts": {"connect": "1s"})");
    Wire client = stage.ask(kSwitch);
    Wire silent = stage.accept();
    SUBCASE("it says nothing") {
        stage.crank->pass(1'200);
        CHECK(status_of(stage.crank->see(client, "}\n")) == "504");
    }
    SUBCASE("it ends") {
        silent.close();
        CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
    }
    CHECK_FALSE(stage.connects());
    const auto report = stage.crank->report();
    REQUIRE(report.endpoints.size() == 1);
    CHECK(report.endpoints[0].counts.unreachable == 1);
    CHECK(report.endpoints[0].counts.ok == 0);
}

TEST_CASE("what an endpoint does not take is no answer of it, neither to a breaker nor in its counts") {
    SharedStage stage({},
                      R"("breaker": {"failure_percent": 50, "min_requests": 2, "window": "60s", "open_time": "5s"})");
    Wire first = stage.ask();
    auto endpoint = stage.endpoint();
    asked(*endpoint, 1);
    endpoint->headers(1, {{":status", "500"}, {"content-length", "0"}}, true);
    stage.crank->see(first, "\r\n\r\n");
    // Else these would keep the share of failures below what opens it.
    for (int i = 0; i < 5; ++i) {
        Wire client = stage.ask(kSwitch);
        CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
    }
    Wire second = stage.ask();
    asked(*endpoint, 3);
    endpoint->headers(3, {{":status", "500"}, {"content-length", "0"}}, true);
    stage.crank->see(second, "\r\n\r\n");
    Wire third = stage.ask();
    CHECK(status_of(stage.crank->see(third, "}\n")) == "503");
    const auto report = stage.crank->report();
    REQUIRE(report.endpoints.size() == 1);
    CHECK(report.endpoints[0].counts.ok == 0);
}

TEST_CASE("what one endpoint does not take is not said of the next one") {
    SharedStage stage({}, {}, 2);
    Wire client = stage.ask(kSwitch);
    std::size_t which = 0;
    Wire wire = stage.accept_any(which);
    Http2Client none(Http2Client::Endpoint{}, *stage.crank, std::move(wire));
    auto endpoint = stage.endpoint(1 - which, takes_websocket());
    asked(*endpoint, 1);
    endpoint->reset(1, ErrorCode::internal_error);
    const auto& answer = stage.crank->see(client, "}\n");
    CHECK(status_of(answer) == "502");
    CHECK(answer.find("WebSocket") == answer.npos);
}

TEST_CASE("where another endpoint takes it, that one is asked") {
    SharedStage stage({}, {}, 2);
    Wire client = stage.ask(kSwitch);
    std::size_t which = 0;
    Wire wire = stage.accept_any(which);
    Http2Client none(Http2Client::Endpoint{}, *stage.crank, std::move(wire));
    auto endpoint = stage.endpoint(1 - which, takes_websocket());
    CHECK(asked(*endpoint, 1).get(":protocol") == "websocket");
    endpoint->headers(1, {{":status", "200"}}, false);
    CHECK(stage.crank->see(client, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    CHECK(none.count(FrameType::headers) == 0);
}

TEST_CASE("a switch to something else is asked for as a request like others") {
    SharedStage stage;
    Wire client = stage.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n");
    auto endpoint = stage.endpoint(0, takes_websocket());
    CHECK(asked(*endpoint, 1).get(":method") == "GET");
    CHECK(endpoint->now(1).get("upgrade") == "-");
    answer_ok(*endpoint, 1);
    CHECK(status_of(stage.crank->see(client, "ok")) == "200");
}
