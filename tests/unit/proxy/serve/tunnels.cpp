// Upgrades and CONNECT: after the answer, bytes both ways.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kUpgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const std::string kSwitching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

struct Tunnel {
    Stage stage;
    Wire client, endpoint;

    explicit Tunnel(const std::string& upgrade = kUpgrade, const std::string& switching = kSwitching,
                    const std::string& route = {})
        : stage(1, route) {
        client = stage.client();
        stage.crank->send(client, upgrade);
        endpoint = stage.accept();
        stage.crank->see(endpoint, "\r\n\r\n");
        stage.crank->send(endpoint, switching);
        stage.crank->see(client, "\r\n\r\n");
    }
    Crank& crank() { return *stage.crank; }
};

}  // namespace

TEST_CASE("an upgrade is passed on in both directions, and then every byte") {
    Tunnel t;
    CHECK(t.endpoint.seen.find("Upgrade: echo\r\nConnection: upgrade\r\n") != std::string::npos);
    CHECK(t.client.seen.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK(t.client.seen.find("Upgrade: echo\r\nConnection: upgrade\r\n") != std::string::npos);
    const std::string odd("\0\r\n\r\nGET / HTTP/1.1\r\n\xff", 22);
    t.crank().send(t.client, odd);
    CHECK(t.crank().see(t.endpoint, odd).ends_with(odd));
    t.crank().send(t.endpoint, odd + "back");
    CHECK(t.crank().see(t.client, odd + "back").ends_with("back"));
}

TEST_CASE("bytes that came right behind the heads are not lost") {
    Tunnel t(kUpgrade + "early", kSwitching + "first");
    t.crank().see(t.endpoint, "early");
    t.crank().see(t.client, "first");
}

TEST_CASE("each side may end its direction and go on listening") {
    Tunnel t;
    t.crank().send(t.client, "last words");
    t.client.shutdown_send();
    t.crank().see_end(t.endpoint);
    CHECK(t.endpoint.seen.ends_with("last words"));
    CHECK(t.stage.in_flight() == 1);
    t.crank().send(t.endpoint, "the answer");
    t.endpoint.shutdown_send();
    t.crank().see_end(t.client);
    CHECK(t.client.seen.ends_with("the answer"));
    CHECK(t.client.ended);
    CHECK(t.stage.in_flight() == 0);
}

TEST_CASE("a tunnel is counted as one, by its generation and upstream") {
    Tunnel t;
    const auto& sent = t.crank().context.in_force->sent;
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].tunnels == 1);
    CHECK(sent[0].requests == 0);
    t.endpoint.close();
    t.client.close();
    t.crank().turn();
    t.crank().until("the end", [&] { return t.stage.in_flight() == 0; });
    CHECK(sent[0].tunnels == 0);
}

TEST_CASE("a tunnel without a byte for its time is closed, one that talks is not") {
    Tunnel t(kUpgrade, kSwitching, R"("timeouts": {"tunnel_idle": "10s"})");
    for (int i = 0; i < 5; ++i) {
        t.crank().pass(8'000);
        t.crank().send(t.client, "ping");
    }
    CHECK(t.stage.in_flight() == 1);
    t.crank().pass(11'000);
    t.crank().see_end(t.endpoint);
    CHECK(t.stage.in_flight() == 0);
}

TEST_CASE("an upgrade that the endpoint declines is an ordinary exchange") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, kUpgrade);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    stage.crank->send(endpoint, kOk);
    CHECK(status_of(stage.crank->see(client, "ok")) == "200");
    client.take();
    endpoint.take();
    stage.crank->send(client, kGet);
    stage.crank->see(endpoint, "GET / ");
    stage.crank->send(endpoint, kOk);
    stage.crank->see(client, "ok");
}

TEST_CASE("CONNECT makes a tunnel where the route allows it and is 405 elsewhere") {
    const std::string connect = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
    Tunnel t(connect, "HTTP/1.1 200 OK\r\n\r\n", R"("allow_connect": true)");
    CHECK(t.endpoint.seen.starts_with("CONNECT a:443 HTTP/1.1\r\n"));
    CHECK(t.client.seen.find("Transfer-Encoding") == std::string::npos);
    CHECK(t.client.seen.find("Content-Length") == std::string::npos);
    CHECK(t.client.seen.find("Connection: close") == std::string::npos);
    t.crank().send(t.client, "hello");
    t.crank().see(t.endpoint, "hello");
    t.crank().send(t.endpoint, "there");
    t.crank().see(t.client, "there");

    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, connect);
    const auto seen = stage.crank->see(client, "\r\n\r\n");
    CHECK(status_of(seen) == "405");
    CHECK(seen.find("Allow: ") != seen.npos);
}

TEST_CASE("what stands behind a CONNECT that is refused is not read as requests") {
    for (const bool by_endpoint : {false, true}) {
        CAPTURE(by_endpoint);
        Stage stage(1, by_endpoint ? R"("allow_connect": true)" : "");
        Wire client = stage.client();
        stage.crank->send(client, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + kGet);
        if (by_endpoint) {
            Wire endpoint = stage.accept();
            stage.crank->see(endpoint, "\r\n\r\n");
            stage.crank->send(endpoint, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
            CHECK(stage.crank->see_end(client).ends_with("\r\n\r\nno"));
            CHECK(endpoint.seen.find("GET /") == std::string::npos);
        } else {
            stage.crank->see_end(client);
        }
        CHECK(count_of(client.seen, "HTTP/1.1 ") == 1);
        CHECK(client.seen.find("Connection: close\r\n") != std::string::npos);
        CHECK_FALSE(stage.endpoints[0]->accept().is_open());
    }
}

TEST_CASE("426 tells the client what to upgrade to") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    stage.crank->send(endpoint, "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n");
    const auto seen = stage.crank->see(client, "\r\n\r\n");
    CHECK(seen.find("Upgrade: websocket\r\nConnection: upgrade\r\n") != seen.npos);
}

TEST_CASE("a megabyte each way at once arrives as it was") {
    Tunnel t;
    t.client.take();
    t.endpoint.take();
    std::string up, down;
    for (int i = 0; i < 1'000'000; ++i) {
        up += static_cast<char>(i * 7);
        down += static_cast<char>(i * 11 + 1);
    }
    std::string_view up_left = up, down_left = down;
    t.crank().until("all bytes", [&] {
        up_left.remove_prefix(t.client.write(up_left));
        down_left.remove_prefix(t.endpoint.write(down_left));
        t.client.read();
        t.endpoint.read();
        return t.client.seen.size() >= down.size() && t.endpoint.seen.size() >= up.size();
    });
    CHECK(t.client.seen == down);
    CHECK(t.endpoint.seen == up);
}
