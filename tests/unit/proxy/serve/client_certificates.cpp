// Clients that show certificates: which are let in, as whom, and that none comes past another host's check.
#include <algorithm>
#include <optional>

#include "tests/support/http2_client.h"
#include "tls_stage.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const Authority& staff() {
    static const Authority made("authority of the staff");
    return made;
}

const Made& member() {
    static const Made made = staff().sign({"ann.staff.test", "URI:spiffe://shop/ann", "email:ann@shop.test"});
    return made;
}

std::string ca_file() {
    return file_with("staff.pem", staff().certificate());
}

// "mode": …, "ca": … and whatever else is to stand in it.
std::string client_of(const std::string& mode, const std::string& more = {}) {
    return fmt::format(R"({{"mode": "{}", "ca": "{}"{}}})", mode, ca_file(), more.empty() ? "" : ", " + more);
}

struct StaffStage : TlsStage {
    explicit StaffStage(const std::string& tls = {}, const std::string& route = {})
        : TlsStage({root().sign({"a.test", "b.test", "c.test"})}, tls, route) {}

    TlsClient come(const Made* as, const std::string& host = "a.test", int version = 0,
                   std::shared_ptr<SSL_SESSION> ticket = nullptr) {
        TlsClient::Wishes wishes{host, {}, {}, version, {}, std::move(ticket)};
        if (as != nullptr) wishes.certificate = as->certificate, wishes.key = as->key;
        return client(wishes);
    }
    // In TLS 1.3 a client is through before the proxy has looked at its certificate.
    bool let_in(TlsClient& client, const std::string& host = "a.test") {
        if (!client.handshake()) return false;
        try {
            client.send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
            bool there = false;
            Wire connection;
            crank->until("a request, or the end", [&] {
                client.wire.read();
                connection = endpoint.accept();
                there = connection.is_open();
                return there || client.wire.ended || client.wire.cut;
            });
            return there;
        } catch (const std::runtime_error&) {
            return false;
        }
    }
};

std::string get(const std::string& host, const std::string& more = {}) {
    return "GET / HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n";
}

}  // namespace

TEST_CASE("where a certificate is required, nobody is let in without a good one") {
    const Authority stranger("authority of strangers");
    const Made forged = stranger.sign({"ann.staff.test"});
    const Made over = staff().sign({"ann.staff.test"}, KeyKind::p256, -90 * 86'400, -60);
    const Made revoked = staff().sign({"eve.staff.test"});
    const auto crl = file_with("staff.crl", staff().revokes({revoked}));
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        CAPTURE(version);
        StaffStage stage("\"client\": " + client_of("required", R"("crl": ")" + crl + "\""));
        auto good = stage.come(&member(), "a.test", version);
        CHECK(stage.let_in(good));
        for (const Made* bad :
             {static_cast<const Made*>(nullptr), &forged, &over, static_cast<const Made*>(&revoked)}) {
            auto client = stage.come(bad, "a.test", version);
            CHECK_FALSE(stage.let_in(client));
        }
        CHECK(stage.crank->report().tls_failed == 4);
    }
}

TEST_CASE("where one is optional everybody is let in, and rules tell who was verified") {
    const Authority stranger("authority of strangers");
    const Made forged = stranger.sign({"ann.staff.test"});
    StaffStage stage(
        "\"client\": " + client_of("optional"),
        R"("rules": [)"
        R"({"name": "bad", "when": {"claim": "client.error", "present": true}, "respond": {"status": 403}},)"
        R"({"name": "no", "when": {"not": {"claim": "client.verified", "equals": "true"}}, "respond": {"status": 401}},)"
        R"({"name": "ann", "when": {"all": [{"claim": "client.uri", "equals": "spiffe://shop/ann"},)"
        R"({"claim": "client.cn", "equals": "ann.staff.test"}, {"claim": "client.dns", "prefix": "ann."},)"
        R"({"claim": "client.email", "equals": "ann@shop.test"}]}, "respond": {"status": 204}}])");
    const auto answer = [&](const Made* as) {
        auto client = stage.come(as);
        REQUIRE(client.handshake());
        client.send(get("a.test"));
        return client.see("\r\n\r\n").substr(9, 3);
    };
    CHECK(answer(nullptr) == "401");
    CHECK(answer(&forged) == "403");
    CHECK(answer(&member()) == "204");
}

TEST_CASE("where nobody is asked there is no claim of a certificate") {
    StaffStage stage("", R"("rules": [{"name": "x", "when": {"claim": "client.verified", "present": true}, "respond": )"
                         R"({"status": 204}}, {"name": "y", "when": {"host": true, "equals": "a.test"}, "respond": )"
                         R"({"status": 404}}])");
    auto client = stage.come(&member());
    REQUIRE(client.handshake());
    client.send(get("a.test"));
    CHECK(client.see("\r\n\r\n").substr(9, 3) == "404");
}

TEST_CASE("endpoints are told by Client-Cert and edits, and what a stranger says of it is taken out") {
    StaffStage stage("\"client\": " + client_of("optional", "\"forward\": true"),
                     R"("request_headers": {"set": {"X-Who": "{client_cn} {client_verified} {client_uri}"}})");
    const std::string lies = "Client-Cert: :bGll:\r\nClient-Cert-Chain: :bGll:\r\nX-Forwarded-Client-Cert: Hash=0\r\n";
    auto ann = stage.come(&member());
    REQUIRE(ann.handshake());
    const auto told = stage.exchange(ann, get("a.test", lies));
    CHECK(told.find("bGll") == told.npos);
    CHECK(told.find("Hash=0") == told.npos);
    CHECK(told.find("X-Who: ann.staff.test true spiffe://shop/ann\r\n") != told.npos);
    const auto at = told.find("\r\nClient-Cert: :MI");
    REQUIRE(at != told.npos);
    CHECK(told.find("Client-Cert", at + 5) == told.npos);
    std::string der;
    for (const char c : member().certificate.substr(member().certificate.find('\n')))
        if (c == '-')
            break;
        else if (c != '\n')
            der += c;
    CHECK(told.find("Client-Cert: :" + der + ":\r\n") != told.npos);
    auto nobody = stage.come(nullptr);
    REQUIRE(nobody.handshake());
    const auto quiet = stage.exchange(nobody, get("a.test", lies));
    CHECK(quiet.find("Client-Cert") == quiet.npos);
    CHECK(quiet.find("X-Who:  false \r\n") != quiet.npos);
}

TEST_CASE("a ticket of one host opens no handshake where other certificates are asked for") {
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        CAPTURE(version);
        StaffStage stage("\"hosts\": {\"b.test\": {\"client\": " + client_of("required") + "}}");
        auto first = stage.come(nullptr, "a.test", version);
        REQUIRE(first.handshake());
        stage.exchange(first, get("a.test"));
        const auto ticket = version == TLS1_2_VERSION ? first.session() : first.ticket();
        REQUIRE(ticket != nullptr);
        first.end();
        // The same ticket is good where it comes from …
        auto again = stage.come(nullptr, "a.test", version, ticket);
        REQUIRE(again.handshake());
        CHECK(again.resumed());
        stage.exchange(again, get("a.test"));
        const auto next = version == TLS1_2_VERSION ? again.session() : again.ticket();
        REQUIRE(next != nullptr);
        // … and gets no client past the other host's check.
        auto past = stage.come(nullptr, "b.test", version, next);
        CHECK_FALSE(stage.let_in(past, "b.test"));
        auto member_there = stage.come(&member(), "b.test", version);
        CHECK(stage.let_in(member_there, "b.test"));
    }
}

TEST_CASE("a resumed client is still who it was") {
    StaffStage stage("\"client\": " + client_of("required"), R"("request_headers": {"set": {"X-Who": "{client_cn}"}})");
    auto first = stage.come(&member());
    REQUIRE(first.handshake());
    CHECK(stage.exchange(first, get("a.test")).find("X-Who: ann.staff.test\r\n") != std::string::npos);
    REQUIRE(first.ticket() != nullptr);
    first.end();
    auto again = stage.come(&member(), "a.test", 0, first.ticket());
    REQUIRE(again.handshake());
    CHECK(again.resumed());
    CHECK(stage.exchange(again, get("a.test")).find("X-Who: ann.staff.test\r\n") != std::string::npos);
}

TEST_CASE(
    "on a connection that was let in for one host, one with another check is 421, and one with the same is served") {
    StaffStage stage("\"hosts\": {\"b.test\": {\"client\": " + client_of("required") + "}}");
    for (const char* named : {"a.test", ""}) {
        CAPTURE(named);
        auto client = stage.come(nullptr, named);
        REQUIRE(client.handshake());
        stage.exchange(client, get("a.test"));
        stage.exchange(client, get("c.test"));
        client.send(get("B.test.") + get("a.test"));
        const auto seen = client.see("\r\n\r\n");
        CHECK(seen.substr(9, 3) == "421");
        CHECK(client.see_end());
        CHECK(client.seen.find("200 OK") == std::string::npos);
    }
    // The other way round as well: who was let in as a member is not served as one elsewhere.
    auto ann = stage.come(&member(), "b.test");
    REQUIRE(ann.handshake());
    stage.exchange(ann, get("b.test"));
    ann.send(get("a.test"));
    CHECK(ann.see("\r\n\r\n").substr(9, 3) == "421");
}

TEST_CASE("when it changes who is let in, a connection that stands ends with its next answer") {
    StaffStage stage;
    auto client = stage.come(nullptr);
    REQUIRE(client.handshake());
    stage.exchange(client, get("a.test"));
    stage.settings = "\"client\": " + client_of("required");
    stage.crank->publish(stage.config());
    client.send(get("a.test"));
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, kOk);
    CHECK(client.see("ok").find("Connection: close\r\n") != std::string::npos);
    CHECK(client.see_end());
    auto after = stage.come(nullptr);
    CHECK_FALSE(stage.let_in(after));
}

namespace {

// The first such frame among the octets of a connection of HTTP/2: its payload.
std::optional<std::string> frame_in(std::string_view octets, http2::FrameType type) {
    while (octets.size() >= http2::kFrameHeadSize) {
        const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(octets[i])); };
        const std::size_t size = at(0) << 16 | at(1) << 8 | at(2);
        if (at(3) == static_cast<std::size_t>(type))
            return std::string(octets.substr(http2::kFrameHeadSize).substr(0, size));
        octets.remove_prefix(std::min(octets.size(), http2::kFrameHeadSize + size));
    }
    return std::nullopt;
}

}  // namespace

TEST_CASE("a connection of HTTP/2 that stands then is asked to come again, and its answer is whole") {
    StaffStage stage;
    auto client = stage.client({"a.test", {}, "\2h2", 0, {}, {}});
    REQUIRE(client.handshake());
    REQUIRE(client.protocol() == "h2");
    client.send(std::string(http2::kPreface) + h2_frame(http2::FrameType::settings, 0, 0, ""));
    Wire connection;
    const auto exchange = [&](std::uint32_t lane) {
        client.send(
            h2_frame(http2::FrameType::headers, http2::kEndHeaders | http2::kEndStream, lane,
                     h2_block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a.test"}, {":path", "/"}})));
        if (!connection.is_open()) connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        connection.take();
        stage.crank->send(connection, kOk);
        client.see("ok");
    };
    exchange(1);
    CHECK_FALSE(frame_in(client.take(), http2::FrameType::goaway));
    stage.settings = "\"client\": " + client_of("required");
    stage.crank->publish(stage.config());
    exchange(3);
    // It is told twice (RFC 9113 §6.8): what was under way when it heard the first is still served.
    stage.crank->until("a GOAWAY and a PING", [&] {
        client.see("");
        return frame_in(client.seen, http2::FrameType::goaway) && frame_in(client.seen, http2::FrameType::ping);
    });
    client.send(h2_frame(http2::FrameType::ping, http2::kAck, 0, *frame_in(client.seen, http2::FrameType::ping)));
    CHECK(client.see_end());
}

TEST_CASE(
    "a file of revocations that breaks off is not taken: half of them would let in whom the other half has revoked") {
    const std::string ca = staff().certificate();
    const std::string list = staff().revokes({});
    const auto make = [&](const std::string& lists, std::string& why) {
        return net::ClientCheck::make({true, 1, ca, lists, "ca.pem", "revoked.pem", false}, &why);
    };
    std::string why;
    CHECK(make(list + list, why) != nullptr);
    CHECK(make(list + list.substr(0, list.size() / 2), why) == nullptr);
    CHECK(why.find("revoked.pem: list 2 in it cannot be read") == 0);
}
