// limits.rate through an exchange: which clients are counted, what they are told.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

// The status that `client` gets for a GET with these lines; 200 comes from the endpoint.
std::string ask(Stage& stage, Wire& client, Wire& endpoint, const std::string& lines = {}) {
    stage.crank->send(client, "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
    stage.crank->until("an answer or a request", [&] {
        client.read();
        if (!endpoint.is_open()) endpoint = stage.endpoints[0]->accept();
        if (endpoint.is_open()) endpoint.read();
        return !client.seen.empty() || !endpoint.seen.empty();
    });
    if (!endpoint.seen.empty()) {
        endpoint.take();
        stage.crank->send(endpoint, kOk);
        stage.crank->see(client, "ok");
    } else {
        stage.crank->see(client, "}\n");
    }
    return status_of(client.seen);
}

}  // namespace

TEST_CASE("a client above its rate gets 429 with the time to come back, and the connection is kept") {
    Stage stage(1, R"("limits": {"rate": {"requests": 1, "per": "10s", "burst": 2}})");
    Wire client = stage.client("192.0.2.1"), endpoint;
    CHECK(ask(stage, client, endpoint) == "200");
    client.take();
    CHECK(ask(stage, client, endpoint) == "200");
    client.take();
    CHECK(ask(stage, client, endpoint) == "429");
    CHECK(client.seen.find("\r\nRetry-After: 10\r\n") != std::string::npos);
    client.take();
    stage.crank->pass(4000);
    CHECK(ask(stage, client, endpoint) == "429");
    CHECK(client.seen.find("\r\nRetry-After: 6\r\n") != std::string::npos);
    client.take();
    stage.crank->pass(6000);
    CHECK(ask(stage, client, endpoint) == "200");
}

TEST_CASE("addresses have buckets of their own, addresses of one IPv6 network do not") {
    Stage stage(1, R"("limits": {"rate": {"requests": 1, "per": "10s"}})");
    Wire endpoint;
    auto first = [&](const char* address) {
        Wire client = stage.client(address);
        return ask(stage, client, endpoint);
    };
    CHECK(first("192.0.2.1") == "200");
    CHECK(first("192.0.2.1") == "429");
    CHECK(first("192.0.2.2") == "200");
    CHECK(first("2001:db8:0:1::1") == "200");
    CHECK(first("2001:db8:0:1::2") == "429");
    CHECK(first("2001:db8:0:2::1") == "200");
}

TEST_CASE("by a header each value has its bucket, and leaving it out is no way around") {
    Stage stage(1, R"("limits": {"rate": {"by": "header:X-Key", "requests": 1, "per": "10s"}})");
    Wire endpoint;
    auto with = [&](const std::string& lines, const char* address = "192.0.2.1") {
        Wire client = stage.client(address);
        return ask(stage, client, endpoint, lines);
    };
    CHECK(with("X-Key: a\r\n") == "200");
    CHECK(with("X-Key: a\r\n", "192.0.2.9") == "429");
    CHECK(with("x-key: b\r\n") == "200");
    CHECK(with("") == "200");
    CHECK(with("") == "429");
    CHECK(with("", "192.0.2.2") == "200");
}

TEST_CASE("the buckets outlive a generation") {
    Stage stage(1, R"("limits": {"rate": {"requests": 1, "per": "60s"}})");
    Wire client = stage.client(), endpoint;
    CHECK(ask(stage, client, endpoint) == "200");
    client.take();
    stage.crank->publish(
        one_route({stage.endpoints[0]->port()}, R"("limits": {"rate": {"requests": 1, "per": "60s"}})"));
    CHECK(ask(stage, client, endpoint) == "429");
}
