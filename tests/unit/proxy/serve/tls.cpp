// TLS with clients: handshakes, names, tickets, and everything an exchange does over it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <vector>

#include "tls_stage.h"

using namespace switchyard;
using namespace switchyard::test;

TEST_CASE("a request over TLS reaches the endpoint as https, and its answer comes back") {
    TlsStage stage;
    auto client = stage.client();
    REQUIRE(client.handshake());
    CHECK(client.version() == "TLSv1.3");
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    Wire connection = stage.accept();
    CHECK(stage.crank->see(connection, "\r\n\r\n").find("X-Forwarded-Proto: https\r\n") != std::string::npos);
    stage.crank->send(connection, kOk);
    client.see("ok");
    client.take();
    // And once more on both kept connections.
    client.send(kGet);
    stage.crank->see(connection, "Host: a\r\n");
    stage.crank->send(connection, kOk);
    client.see("ok");
    const auto report = stage.crank->report();
    CHECK(report.tls_full == 1);
    CHECK(report.tls_failed == 0);
}

TEST_CASE("hello and request may come octet by octet, and in any number of pieces") {
    TlsStage stage;
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{300}}) {
        CAPTURE(size);
        auto client = stage.client();
        std::string held;
        client.outward = [&](std::string piece) {
            // Everything but the last piece is sent now, in turns.
            while (piece.size() > size) {
                client.wire.write(piece.substr(0, size));
                stage.crank->turn();
                piece.erase(0, size);
            }
            return piece;
        };
        REQUIRE(client.handshake());
        stage.exchange(client);
    }
}

TEST_CASE("bodies of many records pass both ways, byte for byte") {
    TlsStage stage;
    auto client = stage.client();
    REQUIRE(client.handshake());
    std::string body;
    for (int i = 0; body.size() < 300'000; ++i) body += fmt::format("{:06d},", i);
    client.send(post(body));
    Wire connection = stage.accept();
    stage.crank->until("the upload", [&] {
        client.see("");
        connection.read();
        return connection.seen.ends_with(body.substr(body.size() - 100));
    });
    CHECK(connection.seen.find(body) != std::string::npos);
    stage.crank->send(connection, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.size()));
    std::size_t sent = 0;
    stage.crank->until("the download", [&] {
        sent += connection.write(std::string_view(body).substr(sent));
        client.see("");
        return client.seen.ends_with(body.substr(body.size() - 100));
    });
    CHECK(client.seen.find(body) != std::string::npos);
}

TEST_CASE("a reader that is slow gets the tail of its answer, and the next request waits for it") {
    TlsStage stage;
    auto client = stage.client();
    REQUIRE(client.handshake());
    client.wire.shrink_buffers();
    client.send(kGet + kGet);
    Wire connection = stage.accept();
    const std::string body(150'000, 'x');
    stage.crank->see(connection, "\r\n\r\n");
    connection.take();
    std::string answer = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.size()) + body;
    std::size_t sent = 0;
    stage.crank->until("the endpoint's answer to be under way", [&] {
        const auto n = connection.write(std::string_view(answer).substr(sent));
        sent += n;
        return n == 0;
    });
    stage.crank->until("the answer", [&] {
        sent += connection.write(std::string_view(answer).substr(sent));
        client.see("");
        return client.seen.size() >= answer.size() - 200 && client.seen.ends_with("xxx") && sent == answer.size();
    });
    connection.read();
    stage.crank->see(connection, "Host: a\r\n");  // the second
    stage.crank->send(connection, kOk);
    client.see("ok");
}

TEST_CASE("each name is shown its certificate, and who names nobody the default") {
    const auto exact = root().sign({"a.test"});
    const auto wild = root().sign({"*.b.test"});
    TlsStage stage({exact, wild});
    struct Row {
        const char* name;
        const Made* shown;
    };
    for (const auto& row : {Row{"a.test", &exact}, Row{"x.b.test", &wild}, Row{"", &exact}, Row{"else.test", &exact},
                            Row{"y.x.b.test", &exact}}) {
        CAPTURE(row.name);
        auto client = stage.client({row.name, {}, {}, 0, {}, {}});
        REQUIRE(client.handshake());
        CHECK(client.shown() == fingerprint(*row.shown));
    }
}

TEST_CASE("with strict_sni an unknown name is refused with its alert, and so is none") {
    TlsStage stage(R"("strict_sni": true)");
    for (const char* name : {"else.test", ""}) {
        CAPTURE(name);
        auto client = stage.client({name, {}, {}, 0, {}, {}});
        CHECK_FALSE(client.handshake());
        CHECK(client.alert == SSL_AD_UNRECOGNIZED_NAME);
    }
    CHECK(stage.crank->report().tls_failed == 2);
    auto client = stage.client();
    CHECK(client.handshake());
}

TEST_CASE("a client takes the certificate whose signature it understands") {
    const auto ecdsa = root().sign({"a.test"});
    const auto rsa = root().sign({"a.test"}, KeyKind::rsa2048);
    TlsStage stage({ecdsa, rsa});
    for (const char* name : {"a.test", ""}) {
        CAPTURE(name);
        auto modern = stage.client({name, {}, {}, 0, {}, {}});
        REQUIRE(modern.handshake());
        CHECK(modern.shown() == fingerprint(ecdsa));
        auto old = stage.client({name, {}, {}, 0, "rsa_pss_rsae_sha256", {}});
        REQUIRE(old.handshake());
        CHECK(old.shown() == fingerprint(rsa));
    }
}

TEST_CASE("after a publish no handshake sees the older certificate, also one whose hello was half here") {
    TlsStage stage;
    const auto before = stage.made[0];
    auto kept = stage.client();
    REQUIRE(kept.handshake());
    CHECK(kept.shown() == fingerprint(before));
    auto late = stage.client({"a.test", {}, {}, 0, {}, {}});
    std::string rest;
    late.outward = [&](std::string piece) {
        rest += piece.substr(piece.size() / 2);
        return piece.substr(0, piece.size() / 2);
    };
    late.begin();
    const auto after = root().sign({"a.test"});
    stage.made = {after};
    stage.crank->publish(stage.config());
    late.outward = nullptr;
    stage.crank->send(late.wire, rest);
    REQUIRE(late.handshake());
    CHECK(late.shown() == fingerprint(after));
    auto fresh = stage.client();
    REQUIRE(fresh.handshake());
    CHECK(fresh.shown() == fingerprint(after));
    CHECK(fingerprint(after) != fingerprint(before));
    // What stands goes on, by its old certificate.
    stage.exchange(kept);
}

TEST_CASE("a client that comes back is known by its ticket, again and again, in TLS 1.3 and 1.2") {
    TlsStage stage;
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        CAPTURE(version);
        std::shared_ptr<SSL_SESSION> ticket;
        for (int i = 0; i < 4; ++i) {
            CAPTURE(i);
            auto client = stage.client({"a.test", {}, {}, version, {}, ticket});
            REQUIRE(client.handshake());
            CHECK(client.resumed() == (i > 0));
            stage.exchange(client);
            // In TLS 1.3 each is shown once; in 1.2 the first one goes on.
            REQUIRE((client.ticket() != nullptr || (version == TLS1_2_VERSION && i > 0)));
            if (client.ticket()) ticket = client.ticket();
            client.end();
        }
    }
    CHECK(stage.crank->report().tls_resumed == 6);
}

TEST_CASE("a ticket outlives one rotation of the keys and not two, and each resumption brings one under the new key") {
    constexpr auto kTurn = net::TicketKeys::kTurnSeconds;
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        CAPTURE(version);
        TlsStage stage;
        auto& keys = stage.crank->registry.certificates().tickets();
        CHECK(!keys.rotate_if_due(1000));
        const auto come = [&](const std::shared_ptr<SSL_SESSION>& ticket, bool resumed) {
            auto client = stage.client({"a.test", {}, {}, version, {}, ticket});
            REQUIRE(client.handshake());
            CHECK(client.resumed() == resumed);
            stage.exchange(client);
            client.end();
            return version == TLS1_2_VERSION ? client.session() : client.ticket();
        };
        const auto first = come(nullptr, false);
        const auto unused = come(nullptr, false);
        CHECK(!keys.rotate_if_due(1000 + kTurn - 1));
        CHECK(keys.rotate_if_due(1000 + kTurn));
        CHECK(!keys.rotate_if_due(1000 + kTurn));
        const auto renewed = come(first, true);
        REQUIRE(renewed != nullptr);
        CHECK(keys.rotate_if_due(1000 + 2 * kTurn));
        come(unused, false);
        const auto last = come(renewed, true);
        REQUIRE(last != nullptr);
        // A machine that slept for days has no key from before.
        CHECK(keys.rotate_if_due(1000 + 9 * kTurn));
        come(last, false);
    }
}

TEST_CASE("of protocols a client is given h2, else http/1.1, and told when it knows none of ours") {
    TlsStage stage;
    auto both = stage.client({"a.test", {}, "\x02h2\x08http/1.1", 0, {}, {}});
    REQUIRE(both.handshake());
    CHECK(both.protocol() == "h2");
    auto older = stage.client({"a.test", {}, "\x08http/1.1", 0, {}, {}});
    REQUIRE(older.handshake());
    CHECK(older.protocol() == "http/1.1");
    auto other = stage.client({"a.test", {}, "\x04smtp", 0, {}, {}});
    CHECK_FALSE(other.handshake());
    CHECK(other.alert == SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST_CASE("TLS 1.1 is refused, and TLS 1.2 where 1.3 is the least") {
    TlsStage usual;
    auto old = usual.client({"a.test", {}, {}, TLS1_1_VERSION, {}, {}});
    CHECK_FALSE(old.handshake());
    auto good = usual.client({"a.test", {}, {}, TLS1_2_VERSION, {}, {}});
    CHECK(good.handshake());
    TlsStage strict(R"("min_version": "1.3")");
    auto refused = strict.client({"a.test", {}, {}, TLS1_2_VERSION, {}, {}});
    CHECK_FALSE(refused.handshake());
    CHECK(refused.alert == SSL_AD_PROTOCOL_VERSION);
}

TEST_CASE("plain HTTP on a TLS port is told so in words") {
    TlsStage stage;
    Wire client = stage.crank->client();
    stage.crank->send(client, kGet);
    const auto& seen = stage.crank->see_end(client);
    CHECK(seen.find("HTTP/1.1 400 Bad Request\r\n") == 0);
    CHECK(seen.find("use https:// instead of http://\n") != std::string::npos);
    const auto head = seen.find("\r\n\r\n");
    CHECK(seen.find(fmt::format("Content-Length: {}\r\n", seen.size() - head - 4)) != std::string::npos);
}

TEST_CASE("who does not finish the handshake in its time is let go, whatever dripped in") {
    TlsStage stage(R"("handshake_timeout": "2s")");
    auto half = stage.client();
    Wire silent = stage.crank->client();
    half.outward = [](std::string piece) { return piece.substr(0, piece.size() / 2); };
    half.begin();
    Wire dripping = stage.crank->client();
    stage.crank->send(dripping, "\x16\x03\x01");
    CHECK(stage.crank->sessions() == 3);
    stage.crank->pass(1'900);
    CHECK(stage.crank->sessions() == 3);
    stage.crank->pass(300);
    CHECK(stage.crank->sessions() == 0);
}

TEST_CASE("more handshakes than a listener takes in a second wait for their time, and those whose time is too far go") {
    TlsStage stage(R"("max_handshakes_per_second": 1, "handshake_timeout": "2s")");
    auto first = stage.client(), second = stage.client(), third = stage.client();
    CHECK(first.handshake());
    second.begin();
    third.begin();
    CHECK(stage.crank->sessions() == 2);
    const auto report = stage.crank->report();
    CHECK(report.tls_troubles[static_cast<std::size_t>(TlsTrouble::too_many)] == 1);
    CHECK(report.tls_full == 1);
    stage.crank->pass(1'100);
    CHECK(second.handshake());
    stage.exchange(second);
}

TEST_CASE("of hellos that come together a turn takes two, in their order, and who asks beside them is answered") {
    constexpr std::size_t kComers = 20;
    TlsStage stage;
    auto patient = stage.client(), sample = stage.client();
    REQUIRE(patient.handshake());
    std::string hello;
    sample.outward = [&](std::string piece) {
        hello += piece;
        return std::string();
    };
    sample.begin();
    std::vector<Wire> comers;
    for (std::size_t i = 0; i < kComers; ++i) comers.push_back(stage.crank->client());
    for (Wire& comer : comers) REQUIRE(comer.write(hello) == hello.size());
    patient.put("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n");
    std::size_t heard = 0;
    for (int turns = 1; heard < kComers; ++turns) {
        REQUIRE(turns < 10 * static_cast<int>(kComers));
        stage.crank->core.turn();
        const std::size_t before = heard;
        while (heard < kComers && comers[heard].read() != 0) ++heard;
        CHECK(heard <= before + 2);
        for (std::size_t i = heard; i < kComers; ++i) CHECK(comers[i].read() == 0);
        if (turns > 1) continue;
        patient.look();
        CHECK(status_of(patient.seen) == "400");
    }
}

TEST_CASE("an answer ends with close_notify, and a cut one without") {
    TlsStage stage;
    auto client = stage.client();
    REQUIRE(client.handshake());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, kOk);
    client.see("ok");
    CHECK(client.see_end());
    connection.close();

    auto other = stage.client();
    REQUIRE(other.handshake());
    other.send(kGet);
    Wire second = stage.accept();
    stage.crank->see(second, "\r\n\r\n");
    stage.crank->send(second, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    other.see("ok");
    second.reset();
    CHECK(other.seen.find("\r\n0\r\n") == std::string::npos);
    other.see_end();
    CHECK(other.seen.find("\r\n0\r\n") == std::string::npos);
}

TEST_CASE("renegotiation and rubbish after the handshake end the connection, and nothing else") {
    TlsStage stage;
    auto client = stage.client({"a.test", {}, {}, TLS1_2_VERSION, {}, {}});
    REQUIRE(client.handshake());
    stage.crank->send(client.wire, std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'z'));
    client.see_end();
    client.wire.close();
    stage.crank->pass(6'000);
    CHECK(stage.crank->sessions() == 0);
    auto other = stage.client();
    CHECK(other.handshake());
}

TEST_CASE("the PROXY header comes before the hello, in one piece with it or not") {
    for (const bool together : {true, false}) {
        CAPTURE(together);
        TlsStage stage;
        const auto config = stage.config();
        const auto at = config.find("\"tls\": {");
        stage.crank->publish(config.substr(0, at) + "\"proxy_protocol\": true, " + config.substr(at));
        auto client = stage.client();
        const std::string header = "PROXY TCP4 192.0.2.7 127.0.0.1 4711 443\r\n";
        bool first = true;
        if (!together) stage.crank->send(client.wire, header);
        client.outward = [&](std::string piece) {
            if (!std::exchange(first, false) || !together) return piece;
            return header + piece;
        };
        REQUIRE(client.handshake());
        client.send(kGet);
        Wire connection = stage.accept();
        CHECK(stage.crank->see(connection, "\r\n\r\n").find("X-Forwarded-For: 192.0.2.7\r\n") != std::string::npos);
    }
}
