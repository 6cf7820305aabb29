// TLS with endpoints: whom the proxy believes, what it shows, how it comes back, and what an end has to say.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "exchanges.h"
#include "proxy/http2/frame.h"
#include "tests/support/certificates.h"
#include "tests/support/http2_client.h"
#include "tests/support/tls_endpoint.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const Authority& inside() {
    static const Authority made("authority of the endpoints");
    return made;
}

std::string ca_file() {
    static const std::string file = file_with("inside.pem", inside().certificate());
    return file;
}

std::string with_name(const std::string& more = {}) {
    return fmt::format(R"({{"ca": "{}", "server_name": "app.test"{}}})", ca_file(), more);
}

// One endpoint that speaks TLS, and an upstream that believes inside() and asks for app.test.
struct SecureStage {
    ListeningWire listening;
    std::unique_ptr<Crank> crank;
    std::unique_ptr<TlsEndpoint> endpoint;

    explicit SecureStage(const TlsEndpoint::Wishes& wishes = {inside().sign({"app.test"})},
                         const std::string& tls = with_name(), const std::string& route = {}) {
        crank = std::make_unique<Crank>(config(tls, route));
        endpoint = std::make_unique<TlsEndpoint>(*crank, wishes);
    }
    std::string config(const std::string& tls, const std::string& route = {}, const std::string& more = {}) const {
        return one_route({listening.port()}, route, fmt::format(R"("tls": {}{})", tls, more));
    }
    std::unique_ptr<TlsEndpoint::Connection> accept() { return endpoint->accept(listening); }
    Wire ask(const std::string& request = kGet) {
        Wire client = crank->client();
        crank->send(client, request);
        return client;
    }
    // A request goes through on a connection of its own, which is kept.
    std::unique_ptr<TlsEndpoint::Connection> kept_connection(Wire& client) {
        crank->send(client, kGet);
        auto connection = accept();
        REQUIRE(connection->handshake());
        answer(*connection, client);
        return connection;
    }
    void answer(TlsEndpoint::Connection& connection, Wire& client) {
        connection.see("\r\n\r\n");
        connection.take();
        connection.send(kOk);
        crank->see(client, "ok");
        client.take();
    }
    // The handshake fails; the client is told, and the report says why.
    WorkerReport refused(const std::string& detail) {
        Wire client = ask();
        auto connection = accept();
        connection->handshake();
        const auto seen = crank->see(client, "}\n");
        CHECK(status_of(seen) == "502");
        CAPTURE(seen);
        auto report = crank->report();
        REQUIRE(report.endpoints.size() == 1);
        CHECK(report.endpoints[0].refused.find(detail) != std::string::npos);
        CAPTURE(report.endpoints[0].refused);
        CHECK(report.endpoints[0].counts.unreachable == 1);
        return report;
    }
};

}  // namespace

TEST_CASE("a request goes to an endpoint over TLS, which is asked for by its name, and the connection is kept") {
    SecureStage stage;
    Wire client = stage.crank->client();
    auto connection = stage.kept_connection(client);
    CHECK(connection->asked_for() == "app.test");
    CHECK(connection->version() == "TLSv1.3");
    // TLS 1.3 has sent tickets after the handshake: a kept connection that is readable for them is alive.
    for (int i = 0; i < 3; ++i) {
        stage.crank->send(client, kGet);
        stage.answer(*connection, client);
    }
    const auto report = stage.crank->report();
    CHECK(report.endpoint_tls.full == 1);
    CHECK(report.endpoint_tls.failed == 0);
}

TEST_CASE("an endpoint that is not to be believed gets nothing of the request, and each reason has its words") {
    struct Row {
        const char* what;
        Made identity;
        const char* words;
    };
    const Authority stranger("somebody else");
    const std::vector<Row> rows{
        {"expired", inside().sign({"app.test"}, KeyKind::p256, -7200, -3600), "certificate has expired"},
        {"not yet", inside().sign({"app.test"}, KeyKind::p256, 3600, 7200), "certificate is not yet valid"},
        {"another name", inside().sign({"other.test"}), "hostname mismatch"},
        {"no name", inside().sign({}), "hostname mismatch"},
        {"another authority", stranger.sign({"app.test"}), "unable to get local issuer certificate"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        SecureStage stage({row.identity});
        const auto report = stage.refused(row.words);
        CHECK(report.endpoint_tls.untrusted == 1);
        CHECK(report.endpoint_tls.failed == 0);
        REQUIRE(report.cells.size() == 1);
    }
}

TEST_CASE("a self-signed endpoint is believed when its certificate is the authority, and any is with verify off") {
    const Authority self("itself");
    const auto shown = self.sign({"app.test"});
    SecureStage strict({shown}, fmt::format(R"({{"ca": "{}", "server_name": "app.test"}})",
                                            file_with("self.pem", self.certificate())));
    Wire client = strict.crank->client();
    strict.kept_connection(client);
    SecureStage blind({Authority("nobody").sign({"else.test"})}, R"({"verify": false})");
    Wire other = blind.crank->client();
    auto connection = blind.kept_connection(other);
    CHECK(connection->asked_for().empty());  // an address is no name
}

TEST_CASE("without server_name an endpoint at an address is verified by its address") {
    const auto tls = fmt::format(R"({{"ca": "{}"}})", ca_file());
    SecureStage right({inside().sign({"IP:127.0.0.1"})}, tls);
    Wire client = right.crank->client();
    right.kept_connection(client);
    SecureStage wrong({inside().sign({"IP:127.0.0.2"})}, tls);
    CHECK(wrong.refused("IP address mismatch").endpoint_tls.untrusted == 1);
}

TEST_CASE("an endpoint that speaks no TLS, or only versions that are too old, is told apart from a false one") {
    SecureStage old({inside().sign({"app.test"}), {}, TLS1_2_VERSION}, with_name(R"(, "min_version": "1.3")"));
    CHECK(old.refused("TLS: ").endpoint_tls.failed == 1);
    SecureStage plain;
    Wire client = plain.ask();
    Wire connection = plain.crank->accept(plain.listening);
    plain.crank->send(connection, "HTTP/1.1 400 Bad Request\r\n\r\n");
    const auto seen = plain.crank->see(client, "}\n");
    CHECK(status_of(seen) == "502");
    CHECK(plain.crank->report().endpoint_tls.failed == 1);
}

TEST_CASE("an endpoint that wants a certificate gets the one that is set, in TLS 1.3 and 1.2") {
    const auto own = Authority("our own").sign({"switchyard.test"});
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        CAPTURE(version);
        const Authority staff("authority of the clients");
        const auto shown = staff.sign({"switchyard.test"});
        const TlsEndpoint::Wishes wishes{inside().sign({"app.test"}), staff.certificate(), version};
        SecureStage stage(wishes);
        const auto with = stage.config(with_name(R"(, "certificate": "us")"));
        const auto file = fmt::format("us-{}", version);
        const auto config = fmt::format(R"({{"certificates": {{"us": {{"chain": "{}", "key": "{}"}}}}, {})",
                                        file_with(file + ".pem", shown.certificate),
                                        file_with(file + ".key", shown.key), with.substr(1));
        // Without one: in TLS 1.3 the refusal comes when the request is on its way.
        CHECK(stage.refused("TLS: ").endpoint_tls.failed == 1);
        stage.crank->publish(config);
        Wire client = stage.crank->client();
        auto connection = stage.kept_connection(client);
        CHECK(connection->client_subject() == "/CN=switchyard.test");
    }
}

TEST_CASE("a new connection comes back by the session of the last, which the endpoint sees, again and again") {
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        CAPTURE(version);
        SecureStage stage({inside().sign({"app.test"}), {}, version}, with_name(), {});
        for (int i = 0; i < 4; ++i) {
            CAPTURE(i);
            Wire client = stage.crank->client();
            auto connection = stage.kept_connection(client);
            CHECK(connection->resumed() == (i > 0));
            connection->end();
        }
        CHECK(stage.crank->report().endpoint_tls.resumed == 3);
    }
}

TEST_CASE("what is kept under other settings is never used, and its sessions open nothing") {
    SecureStage stage;
    Wire client = stage.crank->client();
    auto before = stage.kept_connection(client);
    SUBCASE("other settings of TLS") {
        stage.crank->publish(stage.config(with_name(R"(, "min_version": "1.3")")));
        stage.crank->send(client, kGet);
        auto after = stage.accept();
        REQUIRE(after->handshake());
        CHECK_FALSE(after->resumed());
        stage.answer(*after, client);
        before->see_end();
        CHECK(before->seen.empty());
    }
    SUBCASE("in clear") {
        stage.crank->publish(one_route({stage.listening.port()}));
        stage.crank->send(client, kGet);
        Wire after = stage.crank->accept(stage.listening);
        stage.crank->see(after, "\r\n\r\n");
        before->see_end();
        CHECK(before->seen.empty());
        // And back: the one in clear is not spoken to by TLS.
        stage.crank->send(after, kOk);
        stage.crank->see(client, "ok");
        after.take();
        stage.crank->publish(stage.config(with_name()));
        stage.crank->send(client, kGet);
        auto again = stage.accept();
        REQUIRE(again->handshake());
        stage.crank->see_end(after);
        CHECK(after.seen.empty());
    }
    SUBCASE("a change that is not about it") {
        stage.crank->publish(stage.config(with_name(), R"("debug_headers": true)"));
        stage.crank->send(client, kGet);
        stage.answer(*before, client);
    }
}

TEST_CASE("keys may be changed while a connection is idle, and data out of turn ends it") {
    SecureStage stage;
    Wire client = stage.crank->client();
    auto connection = stage.kept_connection(client);
    connection->change_keys();
    stage.crank->send(client, kGet);
    stage.answer(*connection, client);
    connection->send("HTTP/1.1 200 OK\r\n");
    connection->see_end();
    stage.crank->send(client, kGet);
    auto next = stage.accept();
    CHECK(next->handshake());
}

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
