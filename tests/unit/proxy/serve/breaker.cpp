// The circuit breaker of an upstream, seen by its clients.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kFails = "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno";
const std::string kRule = R"("breaker": {"failure_percent": 50, "min_requests": 4, "window": "10s", "open_time": "5s")";

void exchange(Stage& stage, Wire& client, Wire& connection, const std::string& answer) {
    stage.crank->send(client, kGet);
    if (!connection.is_open()) connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    connection.take();
    stage.crank->send(connection, answer);
    stage.crank->see(client, answer.substr(answer.size() - 2));
    client.take();
}

std::string config(std::uint16_t app, std::uint16_t spare, const std::string& rule) {
    auto upstream = [](std::uint16_t port) {
        return R"({"endpoints": [{"address": "127.0.0.1:)" + std::to_string(port) +
               R"("}], "health": {"type": "none"})";
    };
    return R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {"app": )" + upstream(app) + ", " +
           rule + R"(}, "spare": )" + upstream(spare) + R"(}}, "routes": [{"name": "all", "split": {"app": 1}}]})";
}

}  // namespace

TEST_CASE("an upstream that fails rests, answers for itself meanwhile, and is tried again") {
    Stage stage(1, {}, kRule + R"(, "static_status": 503, "static_body": "back soon"})");
    Wire client = stage.client(), connection;
    for (int i = 0; i < 4; ++i) exchange(stage, client, connection, kFails);
    stage.crank->send(client, kGet);
    const auto resting = stage.crank->see(client, "back soon");
    CHECK(status_of(resting) == "503");
    CHECK(resting.find("\r\nRetry-After: ") != resting.npos);
    client.take();
    connection.read();
    CHECK(connection.seen.empty());
    stage.crank->pass(5100);
    for (int i = 0; i < 5; ++i) exchange(stage, client, connection, kOk);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("a probe that fails means rest again") {
    Stage stage(1, {}, kRule + "}");
    Wire client = stage.client(), connection;
    for (int i = 0; i < 4; ++i) exchange(stage, client, connection, kFails);
    stage.crank->pass(5100);
    exchange(stage, client, connection, kFails);
    stage.crank->send(client, kGet);
    CHECK(status_of(stage.crank->see(client, "}\n")) == "503");
}

TEST_CASE("while an upstream rests its fallback serves") {
    ListeningWire app, spare;
    Crank crank(config(app.port(), spare.port(), kRule + R"(, "fallback": "spare"})"));
    Wire client = crank.client();
    crank.send(client, kGet);
    Wire failing = crank.accept(app);
    for (int i = 0; i < 4; ++i) {
        crank.see(failing, "\r\n\r\n");
        failing.take();
        crank.send(failing, kFails);
        crank.see(client, "no");
        client.take();
        crank.send(client, kGet);
    }
    Wire other = crank.accept(spare);
    crank.see(other, "\r\n\r\n");
    crank.send(other, kOk);
    CHECK(status_of(crank.see(client, "ok")) == "200");
}

namespace {

const std::string kSlowRule =
    R"("breaker": {"slow_percent": 50, "slow_over": "1s", "min_requests": 4, "window": "60s", "open_time": "5s"})";

void exchange_in(Stage& stage, Wire& client, Wire& connection, std::int64_t ms) {
    stage.crank->send(client, kGet);
    if (!connection.is_open()) connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    connection.take();
    stage.crank->pass(ms);
    stage.crank->send(connection, kOk);
    stage.crank->see(client, "ok");
    client.take();
}

bool rests(Stage& stage, Wire& client) {
    stage.crank->send(client, kGet);
    return status_of(stage.crank->see(client, "}\n")) == "503";
}

}  // namespace

TEST_CASE("an upstream that answers well but slowly rests, and serves again when it is quick") {
    Stage stage(1, {}, kSlowRule);
    Wire client = stage.client(), connection;
    for (int i = 0; i < 2; ++i) exchange_in(stage, client, connection, 900);
    for (int i = 0; i < 2; ++i) exchange_in(stage, client, connection, 1100);
    CHECK(rests(stage, client));
    client.take();
    stage.crank->pass(5100);
    for (int i = 0; i < 4; ++i) exchange_in(stage, client, connection, 10);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("a client that takes its time for its body makes no answer slow") {
    Stage stage(1, {}, kSlowRule);
    for (int i = 0; i < 6; ++i) {
        Wire client = stage.client();
        stage.crank->send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
        Wire connection = stage.accept();  // a POST goes out on a fresh one
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->pass(3000);
        stage.crank->send(client, "hi");
        stage.crank->see(connection, "hi");
        connection.take();
        stage.crank->send(connection, kOk);
        CHECK(status_of(stage.crank->see(client, "ok")) == "200");
        client.take();
    }
}

TEST_CASE("an upstream that hangs rests, though only slowness is asked for") {
    Stage stage(1, {}, kSlowRule + R"(, "timeouts": {"response_head": "2s"})");
    for (int i = 0; i < 4; ++i) {
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->pass(2100);
        CHECK(status_of(stage.crank->see(client, "}\n")) == "504");
    }
    Wire client = stage.client();
    CHECK(rests(stage, client));
}
