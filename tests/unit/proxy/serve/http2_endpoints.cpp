// HTTP/2 to endpoints: exchanges of clients of either version, each by a lane of a connection that they share, frame by
// frame.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "proxy/http2/outward_connection.h"
#include "shared_stage.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::ErrorCode;
using http2::FrameType;

TEST_CASE("a request of HTTP/1 is asked in HTTP/2, and its answer comes back in HTTP/1") {
    SharedStage stage(R"("allow_trailers": ["x-sum"])");
    Wire client = stage.ask(
        "POST /a?b=c HTTP/1.1\r\nHost: A.example\r\nCookie: a=1; b=2\r\nTE: trailers\r\nConnection: TE, x-mine\r\n"
        "X-Mine: 1\r\nX-Kept: 2\r\nContent-Length: 5\r\n\r\nhello");
    auto endpoint = stage.endpoint();
    const auto& request = asked(*endpoint, 1);
    CHECK(request.heads[0][0] == std::pair<std::string, std::string>{":method", "POST"});
    CHECK(request.get(":path") == "/a?b=c");
    CHECK(request.get(":authority") == "A.example");
    CHECK(request.get(":scheme") == "http");
    CHECK(request.get("host") == "-");
    CHECK(request.get("cookie") == "a=1; b=2");
    CHECK(request.get("te") == "trailers");
    CHECK(request.get("x-kept") == "2");
    CHECK(request.get("x-mine") == "-");
    CHECK(request.get("connection") == "-");
    CHECK(request.get("via") == "1.1 switchyard");
    CHECK(request.get("x-forwarded-proto") == "http");
    CHECK(request.get("content-length") == "5");
    endpoint->until("its body", [&] { return endpoint->now(1).ended; });
    CHECK(endpoint->now(1).body == "hello");

    endpoint->headers(1, {{":status", "103"}, {"link", "</a.css>"}}, false);
    endpoint->headers(1, {{":status", "200"}, {"x-two", "2"}}, false);
    endpoint->data(1, "abc");
    endpoint->headers(1, {{"x-sum", "7"}, {"x-other", "8"}}, true);
    const std::string& answer = stage.crank->see(client, "x-sum: 7\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 103 \r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 \r\n"));
    CHECK(answer.find("\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n") != std::string::npos);
    CHECK(answer.find("x-other") == std::string::npos);
    CHECK(stage.in_flight() == 0);
    CHECK(endpoint->now(1).reset == -1);

    // Once more, on the same connection.
    client.take();
    stage.crank->send(client, kGet);
    asked(*endpoint, 3);
    answer_ok(*endpoint, 3);
    CHECK(stage.crank->see(client, "ok").find("content-length: 2\r\n") != std::string::npos);
    CHECK_FALSE(stage.connects());
    CHECK(stage.crank->report().upstream_connections == 1);
}

TEST_CASE("a request of HTTP/2 is asked in HTTP/2: body, trailers and interim answers both ways") {
    SharedStage stage(R"("allow_trailers": ["x-sum", "x-up"])");
    auto client = stage.client2();
    client->headers(1, h2_request("PUT", "/x", {{"cookie", "a=1"}, {"cookie", "b=2"}, {"te", "trailers"}}), false);
    auto endpoint = stage.endpoint();
    CHECK(asked(*endpoint, 1).get("cookie") == "a=1; b=2");
    CHECK(endpoint->now(1).get("via") == "2.0 switchyard");
    CHECK(endpoint->now(1).get("te") == "trailers");
    const std::string large(100'000, 'x');
    for (std::size_t at = 0; at < large.size(); at += 10'000) {
        client->data(1, large.substr(at, 10'000));
        endpoint->now(1);
    }
    client->headers(1, {{"x-up", "9"}}, true);
    endpoint->until("the whole", [&] { return endpoint->now(1).ended; });
    CHECK(endpoint->now(1).body == large);
    CHECK(endpoint->now(1).get("x-up", 1) == "9");
    endpoint->headers(1, {{":status", "103"}, {"link", "</a>"}}, false);
    endpoint->headers(1, {{":status", "200"}}, false);
    for (std::size_t at = 0; at < large.size(); at += 10'000) {
        endpoint->data(1, large.substr(at, 10'000));
        client->now(1);
    }
    endpoint->headers(1, {{"x-sum", "7"}}, true);
    const auto& answer = client->answer(1);
    CHECK(answer.status() == "103");
    CHECK(answer.status(1) == "200");
    CHECK(answer.body == large);
    CHECK(answer.get("x-sum", 2) == "7");
    CHECK(stage.crank->report().escaped == 0);
}

TEST_CASE("a burst waits for one connection, then has as many lanes as the endpoint takes") {
    SharedStage stage;
    std::vector<Wire> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(stage.ask());
    Wire wire = stage.accept();
    CHECK_FALSE(stage.connects());
    auto first = std::make_unique<Http2Client>(Http2Client::Endpoint{}, *stage.crank, std::move(wire), max_streams(20));
    // What did not find room there waits for a second one, and a third.
    auto second = stage.endpoint(0, max_streams(20));
    auto third = stage.endpoint(0, max_streams(20));
    stage.crank->until("all of them to be asked", [&] {
        std::size_t heads = 0;
        for (auto* endpoint : {first.get(), second.get(), third.get()})
            endpoint->turn(), heads += endpoint->count(FrameType::headers);
        return heads == 50;
    });
    std::size_t answered = 0;
    for (auto* endpoint : {first.get(), second.get(), third.get()})
        for (std::uint32_t lane = 1; lane < 41; lane += 2) {
            if (endpoint->now(lane).heads.empty()) continue;
            answer_ok(*endpoint, lane);
            ++answered;
        }
    CHECK(answered == 50);
    for (Wire& client : clients) CHECK(stage.crank->see(client, "ok").starts_with("HTTP/1.1 200"));
    CHECK(stage.in_flight() == 0);
    CHECK(stage.crank->report().upstream_connections_idle == 3);
}

TEST_CASE("what an endpoint has not looked at is asked again, whatever the method") {
    SharedStage stage;
    Wire client = stage.ask(post());
    auto endpoint = stage.endpoint();
    asked(*endpoint, 1);
    SUBCASE("refused") {
        endpoint->reset(1, ErrorCode::refused_stream);
        asked(*endpoint, 3);
        answer_ok(*endpoint, 3);
        stage.crank->see(client, "ok");
    }
    SUBCASE("above the last of a GOAWAY") {
        endpoint->say_goaway(0);
        auto other = stage.endpoint();
        CHECK(asked(*other, 1).get(":method") == "POST");
        other->until("its body", [&] { return other->now(1).ended; });
        CHECK(other->now(1).body == "hello");
        answer_ok(*other, 1);
        stage.crank->see(client, "ok");
        endpoint->until("its end", [&] { return endpoint->wire.ended; });
    }
    SUBCASE("and the other, which it has, is answered on the connection that ends") {
        Wire later = stage.ask();
        asked(*endpoint, 3);
        endpoint->say_goaway(1);
        answer_ok(*endpoint, 1);
        stage.crank->see(client, "ok");
        auto other = stage.endpoint();
        asked(*other, 1);
        answer_ok(*other, 1);
        stage.crank->see(later, "ok");
    }
    SUBCASE("but not for ever") {
        for (std::uint32_t lane = 1; lane < 40; lane += 2) {
            endpoint->until("a request, or its end", [&] {
                client.read();
                return !client.seen.empty() || !endpoint->now(lane).heads.empty();
            });
            if (!client.seen.empty()) break;
            endpoint->reset(lane, ErrorCode::refused_stream);
        }
        CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
        CHECK(endpoint->count(FrameType::headers) > 8);
        CHECK(endpoint->count(FrameType::headers) < 12);
    }
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("an answer that breaks off is cut, and never looks like a whole one") {
    SharedStage stage;
    auto client = stage.client2();
    client->headers(1, h2_request());
    Wire plain = stage.ask();
    auto endpoint = stage.endpoint();
    for (const std::uint32_t lane : {1U, 3U}) {
        asked(*endpoint, lane);
        endpoint->headers(lane, {{":status", "200"}}, false);
        endpoint->data(lane, "abc");
    }
    SUBCASE("by a reset") {
        endpoint->reset(1, ErrorCode::internal_error);
        endpoint->reset(3, ErrorCode::internal_error);
    }
    SUBCASE("by the end of the connection") {
        endpoint->turn();
        endpoint->wire.close();
    }
    const auto& answer = client->answer(1);
    CHECK(answer.body == "abc");
    CHECK_FALSE(answer.ended);
    CHECK(answer.reset == static_cast<std::int64_t>(ErrorCode::internal_error));
    CHECK(stage.crank->see_end(plain).find("\r\n0\r\n") == std::string::npos);
    CHECK(plain.seen.find("abc") != std::string::npos);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("a client that takes nothing holds up nobody beside it") {
    SharedStage stage;
    auto slow = stage.client2();
    slow->credits = false;
    slow->headers(1, h2_request());
    auto endpoint = stage.endpoint();
    asked(*endpoint, 1);
    endpoint->headers(1, {{":status", "200"}}, false);
    // The window of the client is spent, and what the lane holds stands.
    const std::string piece(10'000, 's');
    for (int i = 0; i < 9; ++i) endpoint->data(1, piece), slow->now(1);
    for (std::uint32_t lane = 3; lane < 103; lane += 2) {
        Wire quick = stage.ask();
        asked(*endpoint, lane);
        endpoint->headers(lane, {{":status", "200"}, {"content-length", "60000"}}, false);
        for (int i = 0; i < 6; ++i) endpoint->data(lane, piece);
        endpoint->data(lane, "", true);
        stage.crank->until("the answer", [&] {
            quick.read();
            return quick.seen.size() > 60'000;
        });
    }
    CHECK(stage.in_flight() == 1);
    SUBCASE("it leaves by a reset") {
        slow->wire.reset();
    }
    SUBCASE("it leaves in order: no window comes any more") {
        slow->wire.close();
    }
    stage.crank->until("its end", [&] { return stage.in_flight() == 0; });
    endpoint->turn();
    CHECK(endpoint->now(1).reset == static_cast<std::int64_t>(ErrorCode::cancel));
}

TEST_CASE("a client that leaves ends its lane, an early answer the upload, and the connection lives on") {
    SharedStage stage;
    Wire leaves = stage.ask();
    auto endpoint = stage.endpoint();
    asked(*endpoint, 1);
    leaves.reset();
    stage.crank->until("its end", [&] { return stage.in_flight() == 0; });
    endpoint->turn();
    CHECK(endpoint->now(1).reset == static_cast<std::int64_t>(ErrorCode::cancel));

    auto early = stage.client2();
    early->headers(1, h2_request("POST", "/", {}), false);
    asked(*endpoint, 3);
    endpoint->headers(3, {{":status", "413"}}, true);
    endpoint->reset(3, ErrorCode::no_error);
    const auto& answer = early->answer(1);
    CHECK(answer.status() == "413");
    CHECK(answer.ended);

    Wire last = stage.ask();
    asked(*endpoint, 5);
    answer_ok(*endpoint, 5);
    stage.crank->see(last, "ok");
    CHECK_FALSE(stage.connects());
    CHECK(stage.crank->report().escaped == 0);
}

TEST_CASE("an endpoint that speaks something else is a bad answer that says so") {
    SharedStage stage;
    Wire client = stage.ask();
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "PRI * HTTP/2.0");
    stage.crank->send(endpoint, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
    const auto report = stage.crank->report();
    REQUIRE(report.endpoints.size() == 1);
    CHECK(report.endpoints[0].refused == "it does not speak HTTP/2");
}

TEST_CASE("malformed answers are a 502, and their connection goes on") {
    SharedStage stage;
    auto endpoint = std::unique_ptr<Http2Client>();
    std::uint32_t lane = 1;
    const std::vector<Pairs> heads = {{{"no", "status"}},
                                      {{":status", "101"}},
                                      {{":status", "200"}, {"connection", "close"}},
                                      {{":status", "200"}, {"a", "b\x01"}}};
    for (const Pairs& head : heads) {
        Wire client = stage.ask();
        if (!endpoint) endpoint = stage.endpoint();
        asked(*endpoint, lane);
        endpoint->headers(lane, head, false);
        CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
        endpoint->turn();
        CHECK(endpoint->now(lane).reset == static_cast<std::int64_t>(ErrorCode::protocol_error));
        lane += 2;
    }
    CHECK_FALSE(stage.connects());
    CHECK(endpoint->goaway == -1);
}

TEST_CASE("nobody is kept waiting by a connection that has fallen silent") {
    SharedStage stage(R"("timeouts": {"request": "3s"}, "retries": {"attempts": 0})");
    Wire client = stage.ask();
    auto endpoint = stage.endpoint();
    asked(*endpoint, 1);
    stage.crank->pass(3'200);
    CHECK(status_of(stage.crank->see(client, "}\n")) == "504");
    Wire next = stage.ask();
    auto other = stage.endpoint();
    asked(*other, 1);
    answer_ok(*other, 1);
    stage.crank->see(next, "ok");
    endpoint->until("its end", [&] { return endpoint->wire.ended; });
}

TEST_CASE("idle connections are kept as long as those of HTTP/1, and no longer than they are wanted") {
    SharedStage stage({}, R"("keepalive": {"max_idle": 1, "idle_timeout": "10s"})");
    Wire client = stage.ask();
    auto endpoint = stage.endpoint();
    asked(*endpoint, 1);
    answer_ok(*endpoint, 1);
    stage.crank->see(client, "ok");
    endpoint->turn();
    CHECK(endpoint->goaway == -1);
    SUBCASE("until they are idle for too long") {
        stage.crank->pass(12'000);
    }
    SUBCASE("until the upstream speaks HTTP/1") {
        stage.crank->publish(one_route({stage.endpoints[0]->port()}));
    }
    SUBCASE("until the endpoint is gone") {
        stage.crank->publish(one_route({1}));
    }
    endpoint->until("its end", [&] { return endpoint->wire.ended; });
    CHECK(endpoint->goaway == 0);
    CHECK(stage.crank->report().upstream_connections == 0);
}

TEST_CASE("a tunnel goes through a lane, and each side ends its direction") {
    SharedStage stage(R"("allow_connect": true)");
    Wire client = stage.ask("CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n");
    auto endpoint = stage.endpoint();
    CHECK(asked(*endpoint, 1).get(":method") == "CONNECT");
    CHECK(asked(*endpoint, 1).get(":authority") == "b.example:443");
    CHECK(asked(*endpoint, 1).get(":path") == "-");
    CHECK_FALSE(endpoint->now(1).ended);
    endpoint->headers(1, {{":status", "200"}}, false);
    stage.crank->see(client, "\r\n\r\n");
    stage.crank->send(client, "up");
    endpoint->until("what goes up", [&] { return endpoint->now(1).body == "up"; });
    endpoint->data(1, "down");
    stage.crank->see(client, "down");
    client.shutdown_send();
    endpoint->until("its end", [&] { return endpoint->now(1).ended; });
    endpoint->data(1, "more", true);
    CHECK(stage.crank->see_end(client).ends_with("more"));
    CHECK(endpoint->now(1).reset == -1);
    CHECK(stage.in_flight() == 0);
}
