// TLS with endpoints: what an end has to say, and what is broken off, cut or late.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "secure_stage.h"

using namespace switchyard;
using namespace switchyard::test;

TEST_CASE("a body without a length that ends without close_notify is cut, and whole with it") {
    const std::string head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    for (const std::string request : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\nHost: a\r\n\r\n"}) {
        CAPTURE(request);
        SecureStage stage;
        {
            Wire client = stage.ask(request);
            auto connection = stage.accept();
            REQUIRE(connection->handshake());
            connection->see("\r\n\r\n");
            connection->send(head + "all of it");
            connection->end();
            stage.crank->see(client, "all of it");
            if (request.find("1.1") != request.npos) {
                stage.crank->see(client, "0\r\n\r\n");
            } else {
                stage.crank->see_end(client);
                CHECK_FALSE(client.cut);
            }
        }
        Wire client = stage.ask(request);
        auto connection = stage.accept();
        REQUIRE(connection->handshake());
        connection->see("\r\n\r\n");
        connection->send(head + "a part");
        connection->wire.shutdown_send();
        stage.crank->see_end(client);
        CHECK(client.seen.find("0\r\n\r\n") == client.seen.npos);
        if (request.find("1.0") != request.npos) CHECK(client.cut);
    }
}

TEST_CASE("with lenient_close an old server's end is one") {
    SecureStage stage({inside().sign({"app.test"})}, with_name(R"(, "lenient_close": true)"));
    Wire client = stage.ask();
    auto connection = stage.accept();
    REQUIRE(connection->handshake());
    connection->see("\r\n\r\n");
    connection->send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nold");
    connection->wire.shutdown_send();
    CHECK(stage.crank->see(client, "0\r\n\r\n").find("old") != std::string::npos);
}

TEST_CASE("large bodies pass both ways over TLS, and a tail that the kernel does not take at once is not forgotten") {
    SecureStage stage;
    std::string body;
    for (int i = 0; body.size() < 400'000; ++i) body += fmt::format("{:06d},", i);
    Wire client = stage.crank->client();
    const std::string request = post(body);
    std::string_view left = request;
    left.remove_prefix(client.write(left.substr(0, 100)));
    auto connection = stage.accept();
    connection->wire.shrink_buffers();
    REQUIRE(connection->handshake());
    stage.crank->until("the upload", [&] {
        left.remove_prefix(client.write(left));
        connection->see("");
        return connection->seen.ends_with(body.substr(body.size() - 100));
    });
    CHECK(connection->seen.ends_with(body));
    connection->send(
        fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body).substr(0, 60'000));
    stage.crank->until("most of the answer", [&] {
        client.read();
        return client.seen.size() > 50'000;
    });
}

TEST_CASE("an endpoint that has taken a request and breaks off with an alert has seen it: nobody else gets it") {
    SecureStage stage;
    ListeningWire second;
    stage.crank->publish(
        one_route({stage.listening.port(), second.port()}, {}, fmt::format(R"("tls": {})", with_name())));
    const std::string interim = "HTTP/1.1 102 Processing\r\n\r\n";
    for (const bool works_aloud : {false, true}) {
        CAPTURE(works_aloud);
        Wire client = stage.crank->client();
        stage.crank->send(client, post("once"));
        std::unique_ptr<TlsEndpoint::Connection> connection;
        stage.crank->until("a connection to any of the two", [&] {
            for (auto* listening : {&stage.listening, &second})
                if (Wire wire = listening->accept(); wire.is_open())
                    connection = stage.endpoint->take_over(std::move(wire));
            return connection != nullptr;
        });
        REQUIRE(connection->handshake());
        connection->see("once");
        if (works_aloud) {
            connection->send(interim);
            stage.crank->see(client, "102 Processing");
            client.take();
        }
        connection->break_off();
        CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
        CHECK_FALSE(stage.listening.accept().is_open());
        CHECK_FALSE(second.accept().is_open());
    }
    CHECK(stage.crank->report().endpoint_tls.failed == 0);
}

TEST_CASE("an answer that came before its endpoint reset the upload is told to the client") {
    SecureStage stage;
    const std::string body(32'000'000, 'b');  // more than the kernels hold
    Wire client = stage.crank->client();
    const std::string request = post(body);
    std::string_view left = request;
    left.remove_prefix(client.write(left.substr(0, 100)));
    auto connection = stage.accept();
    connection->wire.shrink_buffers();
    REQUIRE(connection->handshake());
    // Until nothing goes any more: a piece of a record is held.
    for (int quiet = 0; quiet < 50; ++quiet) {
        const auto n = client.write(left);
        left.remove_prefix(n);
        if (n != 0) quiet = 0;
        stage.crank->turn();
    }
    REQUIRE_FALSE(left.empty());
    connection->send_and_reset("HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo much");
    CHECK(status_of(stage.crank->see(client, "too much")) == "413");
}

TEST_CASE("a handshake that does not end is over with the time for connecting, and another endpoint is asked") {
    SecureStage stage;
    ListeningWire second;
    const auto two = one_route({stage.listening.port(), second.port()}, {},
                               fmt::format(R"("tls": {}, "timeouts": {{"connect": "200ms"}})", with_name()));
    stage.crank->publish(two);
    Wire client = stage.ask();
    Wire silent;
    ListeningWire* other = nullptr;
    stage.crank->until("a connection to any of the two", [&] {
        for (auto* listening : {&stage.listening, &second}) {
            silent = listening->accept();
            if (!silent.is_open()) continue;
            other = listening == &second ? &stage.listening : &second;
            return true;
        }
        return false;
    });
    stage.crank->pass(250);
    auto connection = stage.endpoint->accept(*other);
    REQUIRE(connection->handshake());
    stage.answer(*connection, client);
}

TEST_CASE("the PROXY protocol goes before the hello") {
    SecureStage stage({inside().sign({"app.test"})}, with_name() + R"(, "send_proxy_protocol": 1)");
    Wire client = stage.ask();
    Wire raw = stage.crank->accept(stage.listening);
    const auto seen = stage.crank->see(raw, "\r\n");
    CHECK(seen.starts_with("PROXY TCP4 127.0.0.1 "));
    stage.crank->until("the hello", [&] {
        raw.read();
        const auto end = raw.seen.find("\r\n");
        return raw.seen.size() > end + 3;
    });
    CHECK(static_cast<unsigned char>(raw.seen[raw.seen.find("\r\n") + 2]) == 0x16);
}
