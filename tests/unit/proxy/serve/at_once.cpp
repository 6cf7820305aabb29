// How much a client may have at once: requests at a route, connections at a listener; and requests that wait for their
// turn instead of being refused.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kTwo = R"("limits": {"concurrent": {"requests": 2}})";

std::string get_with(const std::string& lines) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}

}  // namespace

TEST_CASE("a client has so many requests at once and no more; another one has its own") {
    Stage stage(1, kTwo);
    Wire first = stage.client("192.0.2.1"), second = stage.client("192.0.2.1"), third = stage.client("192.0.2.1");
    stage.crank->send(first, kGet);
    Wire at_first = stage.accept();
    stage.crank->send(second, kGet);
    Wire at_second = stage.accept();
    stage.crank->send(third, kGet);
    const auto refused = stage.crank->see(third, "}\n");
    CHECK(status_of(refused) == "429");
    CHECK(refused.find("\r\nRetry-After: 1\r\n") != refused.npos);
    CHECK(refused.find("too many requests at once") != refused.npos);
    third.take();
    Wire other = stage.client("192.0.2.2");
    stage.crank->send(other, kGet);
    Wire at_other = stage.accept();
    // One has ended: there is a place, also on the connection that was refused.
    stage.crank->see(at_first, "\r\n\r\n");
    stage.crank->send(at_first, kOk);
    stage.crank->see(first, "ok");
    stage.crank->send(third, kGet);
    stage.crank->see(at_first, "\r\n\r\n");
    stage.crank->send(at_first, kOk);
    CHECK(status_of(stage.crank->see(third, "ok")) == "200");
    // A client that leaves gives its place back, too.
    second.reset();
    stage.crank->see_end(at_second);
    Wire fourth = stage.client("192.0.2.1");
    stage.crank->send(fourth, kGet);
    stage.crank->until("a request", [&] {
        at_first.read();
        return !at_first.seen.empty();
    });
}

TEST_CASE("by a header each value has its own, and leaving it out is no way around") {
    Stage stage(1, R"("limits": {"concurrent": {"by": "header:X-Key", "requests": 1}})");
    const auto asks = [&](const std::string& lines) {
        Wire client = stage.client("192.0.2.1");
        stage.crank->send(client, get_with(lines));
        return client;
    };
    Wire a = asks("X-Key: a\r\n"), at_a = stage.accept();
    Wire b = asks("x-key: b\r\n"), at_b = stage.accept();
    Wire none = asks(""), at_none = stage.accept();
    for (const std::string lines : {"X-Key: a\r\n", "X-Key: b\r\n", ""}) {
        CAPTURE(lines);
        Wire again = asks(lines);
        CHECK(status_of(stage.crank->see(again, "}\n")) == "429");
    }
}

TEST_CASE("a new generation forgets nothing that is under way, and lets go of nothing twice") {
    Stage stage(1, kTwo);
    Wire first = stage.client("192.0.2.1");
    stage.crank->send(first, kGet);
    Wire at_first = stage.accept();
    stage.crank->publish(one_route({stage.endpoints[0]->port()}, R"("limits": {"concurrent": {"requests": 1}})"));
    Wire second = stage.client("192.0.2.1");
    stage.crank->send(second, kGet);
    CHECK(status_of(stage.crank->see(second, "}\n")) == "429");
    second.take();
    stage.crank->see(at_first, "\r\n\r\n");
    at_first.take();
    stage.crank->send(at_first, kOk);
    stage.crank->see(first, "ok");
    stage.crank->send(second, kGet);
    stage.crank->see(at_first, "\r\n\r\n");
    stage.crank->send(at_first, kOk);
    CHECK(status_of(stage.crank->see(second, "ok")) == "200");
}

TEST_CASE("a client has so many connections; one beyond is closed before it says anything, and counted") {
    Stage stage(1, {}, {}, R"("max_connections_per_client": 2, "trusted_proxies": ["10.0.0.0/8"])");
    Wire first = stage.client("192.0.2.1"), second = stage.client("192.0.2.1");
    stage.crank->turn();
    Wire third = stage.client("192.0.2.1");
    CHECK(stage.crank->see_end(third).empty());
    CHECK(stage.crank->report().refused.clients == 1);
    Wire other = stage.client("192.0.2.2");
    stage.crank->send(other, kGet);
    Wire endpoint = stage.accept();
    // Of those that speak for many as many as there are.
    std::vector<Wire> balancers;
    for (int i = 0; i < 5; ++i) {
        balancers.push_back(stage.client("10.1.1.1"));
        stage.crank->turn();
    }
    CHECK(stage.crank->report().refused.clients == 0);
    first.close();
    stage.crank->until("the end of a session", [&] { return stage.crank->sessions() == 7; });
    Wire fourth = stage.client("192.0.2.1");
    stage.crank->send(fourth, kGet);
    Wire at_fourth = stage.accept();
    CHECK(at_fourth.is_open());
}

TEST_CASE("where a header names the client, its connections are counted, and not its relay's") {
    Stage stage(1, {}, {}, R"("max_connections_per_client": 1, "proxy_protocol": true)");
    const auto by_relay = [&](const std::string& client) {
        Wire wire = stage.client("10.9.9.9");
        stage.crank->send(wire, "PROXY TCP4 " + client + " 127.0.0.1 1234 80\r\n" + kGet);
        return wire;
    };
    Wire first = by_relay("192.0.2.1"), at_first = stage.accept();
    Wire other = by_relay("192.0.2.2"), at_other = stage.accept();
    Wire second = by_relay("192.0.2.1");
    CHECK(stage.crank->see_end(second).empty());
    CHECK(stage.crank->report().refused.clients == 1);
}

TEST_CASE("requests ahead of the rate wait for their turn within the burst, and are refused beyond it") {
    Stage stage(1, R"("limits": {"rate": {"requests": 1, "per": "2s", "burst": 3, "delay_after": 1}})");
    std::vector<Wire> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(stage.client("192.0.2.1"));
        stage.crank->send(clients.back(), kGet);
    }
    const auto refused = stage.crank->see(clients[3], "}\n");
    CHECK(status_of(refused) == "429");
    Wire endpoint = stage.accept();
    const auto serve = [&](Wire& client) {
        stage.crank->see(endpoint, "\r\n\r\n");
        endpoint.take();
        stage.crank->send(endpoint, kOk);
        CHECK(status_of(stage.crank->see(client, "ok")) == "200");
    };
    serve(clients[0]);
    for (int i = 1; i < 3; ++i) {
        stage.crank->pass(1900);
        endpoint.read();
        CHECK(endpoint.seen.empty());
        stage.crank->pass(150);
        serve(clients[static_cast<std::size_t>(i)]);
    }
    CHECK(stage.in_flight() == 0);
}

TEST_CASE(
    "who waits for its turn goes where the generation of then leads, leaves when its client does, and ends in time") {
    const std::string rate = R"("limits": {"rate": {"requests": 1, "per": "2s", "burst": 4, "delay_after": 1}})";
    Stage stage(2, rate + R"(, "timeouts": {"request": "5s"})");
    stage.crank->publish(one_route({stage.endpoints[0]->port()}, rate + R"(, "timeouts": {"request": "5s"})"));
    Wire first = stage.client("192.0.2.1");
    stage.crank->send(first, kGet);
    Wire at_first = stage.accept();
    stage.crank->see(at_first, "\r\n\r\n");
    stage.crank->send(at_first, kOk);
    stage.crank->see(first, "ok");
    Wire moved = stage.client("192.0.2.1"), leaves = stage.client("192.0.2.1"), late = stage.client("192.0.2.1");
    stage.crank->send(moved, kGet);
    stage.crank->send(leaves, kGet);
    stage.crank->send(late, kGet);
    stage.crank->publish(one_route({stage.endpoints[1]->port()}, rate + R"(, "timeouts": {"request": "5s"})"));
    leaves.reset();
    stage.crank->pass(2100);
    Wire at_second = stage.accept(1);
    stage.crank->see(at_second, "\r\n\r\n");
    stage.crank->send(at_second, kOk);
    CHECK(status_of(stage.crank->see(moved, "ok")) == "200");
    stage.crank->pass(3000);
    CHECK(status_of(stage.crank->see(late, "}\n")) == "504");
    CHECK(stage.in_flight() == 0);
}
