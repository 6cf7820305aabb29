// TLS with endpoints: whom the proxy believes, what it shows, and how it comes back.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "secure_stage.h"

using namespace switchyard;
using namespace switchyard::test;

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
