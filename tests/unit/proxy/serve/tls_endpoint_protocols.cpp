// TLS with endpoints: the protocol of a connection is chosen by ALPN.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "proxy/http2/frame.h"
#include "secure_stage.h"
#include "tests/support/http2_client.h"

using namespace switchyard;
using namespace switchyard::test;

TEST_CASE("an endpoint chooses by ALPN: h2 where it may, HTTP/1.1 where that will do, and else it is refused") {
    struct Row {
        const char* protocol;
        std::string takes;
        const char* chosen;  // null: nothing will do
    };
    const std::string kHttp2("\x02h2"), kHttp1("\x08http/1.1");
    const Row rows[] = {
        {"http/1.1", kHttp2 + kHttp1, ""},
        {"h2", kHttp2 + kHttp1, "h2"},
        {"auto", kHttp2 + kHttp1, "h2"},
        {"auto", kHttp1, "http/1.1"},
        {"auto", "", ""},
        {"h2", kHttp1, nullptr},
        {"h2", "", nullptr},
    };
    for (const Row& row : rows) {
        CAPTURE(row.protocol);
        CAPTURE(row.takes);
        SecureStage stage({inside().sign({"app.test"}), {}, 0, row.takes});
        stage.crank->publish(stage.config(with_name(), {}, fmt::format(R"(, "protocol": "{}")", row.protocol)));
        Wire client = stage.ask(post());
        auto connection = stage.accept();
        REQUIRE(connection->handshake());
        if (row.chosen == nullptr) {
            CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
            CHECK(stage.crank->report().endpoints[0].refused == "TLS: the endpoint does not offer HTTP/2 (ALPN)");
            continue;
        }
        CHECK(connection->protocol() == row.chosen);
        if (std::string(row.chosen) != "h2") {
            stage.answer(*connection, client);
            continue;
        }
        connection->see(std::string(http2::kPreface));
        connection->see("hello");
        connection->send(h2_frame(http2::FrameType::settings, 0, 0, "") +
                         h2_frame(http2::FrameType::headers, http2::kEndHeaders, 1,
                                  h2_block({{":status", "200"}, {"content-length", "2"}})) +
                         h2_frame(http2::FrameType::data, http2::kEndStream, 1, "ok"));
        CHECK(stage.crank->see(client, "ok").starts_with("HTTP/1.1 200"));
        CHECK(stage.crank->report().endpoint_tls.full == 1);
    }
}

TEST_CASE("an endpoint that requires HTTP/1.1 of a request gets it so, and is not asked otherwise for a while") {
    const auto settings = h2_frame(http2::FrameType::settings, 0, 0, "");
    const auto requires_http1 = [](bool all) {
        const auto code = h2_number(static_cast<std::uint32_t>(http2::ErrorCode::http_1_1_required));
        return all ? h2_frame(http2::FrameType::goaway, 0, 0, h2_number(0) + code)
                   : h2_frame(http2::FrameType::rst_stream, 0, 1, code);
    };
    for (const bool all : {false, true}) {
        CAPTURE(all);
        SecureStage stage({inside().sign({"app.test"}), {}, 0, std::string("\x02h2")});
        stage.crank->publish(stage.config(with_name(), {}, R"(, "protocol": "auto")"));
        Wire client = stage.ask(post());
        auto shared = stage.accept();
        REQUIRE(shared->handshake());
        CHECK(shared->protocol() == "h2");
        shared->send(settings);
        shared->see("hello");
        shared->send(requires_http1(all));
        auto own = stage.accept();
        REQUIRE(own->handshake());
        CHECK(own->protocol().empty());
        CHECK(own->see("hello").starts_with("POST / HTTP/1.1\r\n"));
        own->send(kOk);
        stage.crank->see(client, "ok");
        client.take();
        // Remembered: the endpoint is not asked in HTTP/2 first.
        own->take();
        stage.crank->send(client, kGet);
        own->see("GET / HTTP/1.1\r\n");
        own->send(kOk);
        stage.crank->see(client, "ok");
    }
    // Where nothing but HTTP/2 may be spoken, the report says what it wants.
    SecureStage stage({inside().sign({"app.test"}), {}, 0, std::string("\x02h2")});
    stage.crank->publish(stage.config(with_name(), R"("retries": {"attempts": 0})", R"(, "protocol": "h2")"));
    Wire client = stage.ask(post());
    auto shared = stage.accept();
    REQUIRE(shared->handshake());
    shared->send(settings);
    shared->see("hello");
    shared->send(requires_http1(false));
    CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
    const auto report = stage.crank->report();
    REQUIRE(report.endpoints.size() == 1);
    CHECK(report.endpoints[0].refused ==
          "it requires HTTP/1.1 (HTTP_1_1_REQUIRED): protocol auto or http/1.1 speaks it");
}

TEST_CASE("where the endpoint may choose, a WebSocket has a connection of HTTP/1.1 beside those of HTTP/2") {
    SecureStage stage({inside().sign({"app.test"}), {}, 0, std::string("\x02h2\x08http/1.1")});
    stage.crank->publish(stage.config(with_name(), {}, R"(, "protocol": "auto")"));
    Wire other = stage.ask(post());
    auto shared = stage.accept();
    REQUIRE(shared->handshake());
    CHECK(shared->protocol() == "h2");
    shared->send(h2_frame(http2::FrameType::settings, 0, 0, std::string("\0\x08", 2) + h2_number(1)));
    shared->see("hello");
    Wire client = stage.ask(
        "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    auto own = stage.accept();
    REQUIRE(own->handshake());
    CHECK(own->protocol() != "h2");
    CHECK(values(own->see("\r\n\r\n"), "upgrade") == "websocket");
    own->send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\ndown");
    CHECK(stage.crank->see(client, "down").starts_with("HTTP/1.1 101 "));
}
