// What an authority sees that asks whether a host is ours.
#include <doctest/doctest.h>

#include "exchanges.h"
#include "tls_stage.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

constexpr std::string_view kAsks = "GET /.well-known/acme-challenge/tok_en-1 HTTP/1.1\r\nHost: shop.example\r\n\r\n";
constexpr const char* kProof = "tok_en-1.thumb";

std::shared_ptr<const net::ChallengeBook> opened_book(net::ChallengeBook book) {
    return std::make_shared<const net::ChallengeBook>(std::move(book));
}

std::string asking(const std::string& target, const std::string& method = "GET") {
    return fmt::format("{} {} HTTP/1.1\r\nHost: shop.example\r\n\r\n", method, target);
}

}  // namespace

TEST_CASE("an open token is answered before any route, also where everything is sent to https") {
    for (const auto* extra : {"", R"("redirect_https": true)"}) {
        CAPTURE(extra);
        ListeningWire endpoint;
        const auto config = one_route({endpoint.port()}, {}, {}, extra);
        Crank crank(config);
        crank.registry.open_challenges(opened_book({.answers = {{"tok_en-1", kProof}}, .folders = {}, .hosts = {}}));
        crank.publish(config);
        Wire client = crank.client();
        crank.send(client, kAsks);
        const auto answer = crank.see(client, kProof);
        CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(answer.find("Content-Type: application/octet-stream\r\n") != std::string::npos);
        CHECK(answer.ends_with(std::string("\r\n\r\n") + kProof));
        client.seen.clear();
        // On the same connection; and what it would answer to HEAD.
        crank.send(client, asking("/.well-known/acme-challenge/tok_en-1", "HEAD"));
        CHECK(crank.see(client, "\r\n\r\n").find("Content-Length: 14\r\n") != std::string::npos);
        // Closed again: a request like any other.
        crank.registry.open_challenges(nullptr);
        crank.publish(config);
        Wire later = crank.client();
        crank.send(later, kAsks);
        if (*extra != '\0') {
            crank.see(later, "HTTP/1.1 308");
        } else {
            Wire connection = crank.accept(endpoint);
            crank.see(connection, "GET /.well-known/acme-challenge/tok_en-1 HTTP/1.1\r\n");
        }
        CHECK(crank.context.active_exchanges == (*extra != '\0' ? 0 : 1));
    }
}

TEST_CASE("only a token is one: the rest of the tree, and other methods, go to the routes") {
    ListeningWire endpoint;
    const auto config = one_route({endpoint.port()}, {}, {}, R"("acme_challenges": "/var/www")");
    Crank crank(config);
    crank.registry.open_challenges(opened_book({.answers = {{"tok_en-1", kProof}}, .folders = {}, .hosts = {}}));
    crank.publish(config);
    for (const auto& request :
         {asking("/.well-known/acme-challenge/"), asking("/.well-known/acme-challenge/tok_en-1/"),
          asking("/.well-known/acme-challenge/..%2fpasswd"), asking("/.well-known/acme-challenge/tok_en-1?x=1"),
          asking("/.well-known/acme-challenge/" + std::string(129, 'a')), asking("/.well-known/acme-challenge"),
          asking("/.well-known/acme-challenge/tok_en-1", "DELETE")}) {
        CAPTURE(request);
        Wire client = crank.client();
        crank.send(client, request);
        Wire connection = crank.accept(endpoint);  // at once: nothing is waited for
        crank.see(connection, "\r\n\r\n");
    }
}

TEST_CASE("a file that another program has just written is waited for; who asks for nothing is not kept for ever") {
    ListeningWire endpoint;
    const auto config = one_route({endpoint.port()}, {}, {}, R"("acme_challenges": "/var/www")");
    Crank crank(config);
    Wire client = crank.client();
    crank.send(client, kAsks);
    crank.pass(300);
    CHECK(client.read() == 0);
    CHECK(crank.context.listeners.at(0).challenges_awaited == 1);
    crank.registry.open_challenges(
        opened_book({.answers = {}, .folders = {{"/var/www", {{"tok_en-1", kProof}}}}, .hosts = {}}));
    crank.publish(config);
    crank.pass(200);  // two ticks of the wheel
    CHECK(crank.see(client, kProof).starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(crank.context.listeners.at(0).challenges_awaited == 0);

    Wire other = crank.client();
    crank.send(other, asking("/.well-known/acme-challenge/unknown"));
    crank.pass(1'900);
    CHECK(crank.context.active_exchanges == 1);
    crank.pass(400);                           // each look ends at a tick
    Wire connection = crank.accept(endpoint);  // the endpoint may know it
    crank.see(connection, "GET /.well-known/acme-challenge/unknown HTTP/1.1\r\n");
    CHECK(crank.context.listeners.at(0).challenges_awaited == 0);

    // A client that leaves meanwhile leaves nothing behind.
    Wire gone = crank.client();
    crank.send(gone, asking("/.well-known/acme-challenge/unknown2"));
    CHECK(crank.context.listeners.at(0).challenges_awaited == 1);
    gone.reset();
    crank.pass(100);
    CHECK(crank.context.listeners.at(0).challenges_awaited == 0);
}

TEST_CASE("a listener without the folder knows nothing of its challenges") {
    ListeningWire endpoint;
    const auto config = one_route({endpoint.port()});
    Crank crank(config);
    crank.registry.open_challenges(
        opened_book({.answers = {}, .folders = {{"/var/www", {{"tok_en-1", kProof}}}}, .hosts = {}}));
    crank.publish(config);
    Wire client = crank.client();
    crank.send(client, kAsks);
    Wire connection = crank.accept(endpoint);
    crank.see(connection, "GET /.well-known/acme-challenge/tok_en-1 HTTP/1.1\r\n");
}

TEST_CASE("acme-tls/1 and nothing else is shown the proof, and gets no connection") {
    const auto proof = root().sign({"shop.example"});
    std::string why;
    const auto identity = net::read_tls_identity(proof.certificate, proof.key, "c", "k", &why);
    const std::string acme(
        "\x0a"
        "acme-tls/1"),
        both(
            "\x0a"
            "acme-tls/1"
            "\x08"
            "http/1.1");
    for (const auto* settings : {"", R"("strict_sni": true)"}) {
        CAPTURE(settings);
        TlsStage stage(settings);
        const auto asks = [&](const std::string& host, const std::string& alpn) {
            return stage.client({host, {}, alpn, 0, {}, {}});
        };
        // Nothing is open: no protocol in common.
        auto early = asks("shop.example", acme);
        CHECK_FALSE(early.handshake());
        CHECK(early.alert == SSL_AD_NO_APPLICATION_PROTOCOL);

        stage.crank->registry.open_challenges(
            opened_book({.answers = {}, .folders = {}, .hosts = {{"shop.example", identity}}}));
        stage.crank->publish(stage.config());
        auto authority = asks("SHOP.example", acme);
        REQUIRE(authority.handshake());
        CHECK(authority.protocol() == "acme-tls/1");
        CHECK(authority.shown() == fingerprint(proof));
        authority.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n");
        CHECK(authority.see_end());
        CHECK(authority.seen.empty());
        CHECK_FALSE(authority.ticket());

        auto other = asks("a.test", acme);
        CHECK_FALSE(other.handshake());
        auto mixed = asks("a.test", both);
        REQUIRE(mixed.handshake());
        CHECK(mixed.protocol() == "http/1.1");
        CHECK(mixed.shown() == fingerprint(stage.made[0]));
        stage.exchange(mixed);
    }
}

TEST_CASE("where clients have to show a certificate an authority need not") {
    const auto proof = root().sign({"a.test"});
    std::string why;
    const auto identity = net::read_tls_identity(proof.certificate, proof.key, "c", "k", &why);
    TlsStage stage(
        fmt::format(R"("client": {{"mode": "required", "ca": "{}"}})", file_with("ca.pem", root().certificate())));
    stage.crank->registry.open_challenges(opened_book({.answers = {}, .folders = {}, .hosts = {{"a.test", identity}}}));
    stage.crank->publish(stage.config());
    auto authority = stage.client({"a.test",
                                   {},
                                   std::string("\x0a"
                                               "acme-tls/1"),
                                   TLS1_2_VERSION,
                                   {},
                                   {}});
    REQUIRE(authority.handshake());
    CHECK(authority.shown() == fingerprint(proof));
    CHECK(authority.see_end());
}
