#include "proxy/worker_core.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/crank.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const std::string kQuestion = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// {"listeners": …} of two listeners, or of the first alone.
std::string with_listeners(bool both) {
    return std::string(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"})") +
           (both ? R"(, {"name": "more", "bind": "127.0.0.1:0"})" : "") +
           R"(], "routes": [{"name": "all", "respond": {"status": 200, "body": "here"}}]})";
}

Wire come(Crank& crank, std::uint16_t port) {
    Wire out = Wire::connect(port);
    crank.send(out, kQuestion);  // the listener hears of a client with its first byte
    return out;
}

}  // namespace

TEST_CASE("a client comes by the front door and is counted, served, and gone") {
    Crank crank(with_listeners(false));
    Wire client = come(crank, crank.port());
    crank.see(client, "here");
    CHECK(crank.sessions() == 1);
    const auto report = crank.report();
    CHECK(report.accepted == 1);
    CHECK(report.client_connections == 1);
    CHECK(report.client_connections_idle == 1);
    client.close();
    crank.until("the end of its session", [&] { return crank.sessions() == 0; });
    CHECK(crank.report().client_connections == 0);
}

TEST_CASE("a listener that goes takes no more clients; those that it has end after a second of silence") {
    Crank crank(with_listeners(true));
    const std::uint16_t port = crank.port(1);
    Wire client = come(crank, port);
    crank.see(client, "here");
    client.take();
    crank.publish(with_listeners(false));
    CHECK(Wire::connect(port).write("G") == 0);  // refused
    // One more request is answered, and said to be the last.
    crank.send(client, kQuestion);
    CHECK(crank.see(client, "here").find("Connection: close") != std::string::npos);
    crank.see_end(client);
    client.close();
    crank.until("the end of its session", [&] { return crank.sessions() == 0; });

    crank.publish(with_listeners(true));
    Wire silent = come(crank, crank.port(1));
    crank.see(silent, "here");
    crank.publish(with_listeners(false));
    crank.pass(3000);
    crank.see_end(silent);
    CHECK(crank.sessions() == 0);
}

TEST_CASE("a client that waits in the queue of a listener that goes is served") {
    Crank crank(with_listeners(true));
    Wire client = Wire::connect(crank.port(1));
    client.write(kQuestion);  // in the kernel's hands: the worker has not turned since
    crank.publish(with_listeners(false));
    crank.see(client, "here");
}

TEST_CASE("generations: adopted in order, an older one never, retired with the last that is pinned to them") {
    ListeningWire listening;
    const std::string config = one_route({listening.port()});
    Crank crank(config);
    Wire client = crank.client();
    crank.send(client, kQuestion);
    Wire connection = crank.accept(listening);
    const auto first = crank.context.in_force->snapshot;
    crank.publish(config);
    crank.core.adopt(first);
    CHECK(crank.context.in_force->generation == 2);
    CHECK(crank.adopted == std::vector<std::uint64_t>{1, 2});
    CHECK(crank.retired.empty());
    CHECK(crank.core.report(false).in_flight.size() == 1);
    crank.see(connection, "\r\n\r\n");
    crank.send(connection, kReply);
    crank.see(client, "ok");
    CHECK(crank.retired == std::vector<std::uint64_t>{1});
    CHECK(crank.generations() == 1);
}

TEST_CASE("endpoints that are configured no more keep no connection, and what a lease brings back ends") {
    ListeningWire listening, other;
    Crank crank(one_route({listening.port()}));
    Wire client = crank.client(), second = crank.client();
    const auto ask = [&](Wire& from) {
        from.take();
        crank.send(from, kQuestion);
    };
    ask(client);
    Wire kept = crank.accept(listening);
    crank.see(kept, "\r\n\r\n");
    crank.send(kept, kReply);
    crank.see(client, "ok");
    kept.take();
    ask(second);
    ask(client);
    Wire leased = crank.accept(listening);
    crank.see(kept, "\r\n\r\n");
    crank.see(leased, "\r\n\r\n");
    crank.send(kept, kReply);
    crank.publish(one_route({other.port()}));
    crank.see_end(kept);
    crank.send(leased, kReply);
    crank.see_end(leased);
    CHECK(crank.core.report(false).upstream_connections == 0);
}

TEST_CASE("a drain: idle clients have their grace, what is in flight is answered, then it is over") {
    ListeningWire listening;
    Crank crank(one_route({listening.port()}));
    Wire idle = crank.client(), busy = crank.client();
    crank.send(busy, kQuestion);
    Wire connection = crank.accept(listening);
    const std::uint16_t port = crank.port();
    crank.core.begin_drain(10'000);
    crank.turn();
    CHECK(Wire::connect(port).write("G") == 0);  // refused
    CHECK_FALSE(crank.core.is_drained());
    crank.pass(2000);
    CHECK_FALSE(crank.core.is_drained());
    crank.see_end(idle);
    crank.see(connection, "\r\n\r\n");
    crank.send(connection, kReply);
    CHECK(crank.see(busy, "ok").find("Connection: close") != std::string::npos);
    busy.close();
    crank.until("the end of the last client", [&] { return crank.core.empty(); });
    CHECK(crank.core.is_drained());
}

TEST_CASE("a drain whose time is over ends with clients left, and clear() ends them") {
    ListeningWire listening;
    Crank crank(one_route({listening.port()}));
    Wire busy = crank.client();
    crank.send(busy, kQuestion);
    Wire connection = crank.accept(listening);
    crank.core.begin_drain(1000);
    crank.pass(500);
    CHECK_FALSE(crank.core.is_drained());
    crank.pass(600);
    CHECK(crank.core.is_drained());
    crank.core.clear();
    CHECK(crank.sessions() == 0);
    while (!busy.cut && !busy.ended) busy.read();
}

TEST_CASE("above max_connections a client is closed at once, and counted as accepted") {
    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0", "max_connections": 1}],
                    "routes": [{"name": "all", "respond": {"status": 200, "body": "here"}}]})");
    Wire first = come(crank, crank.port());
    crank.see(first, "here");
    Wire second = Wire::connect(crank.port());
    second.write(kQuestion);
    crank.see_end(second);
    CHECK(second.seen.empty());
    CHECK(crank.report().accepted == 2);
    CHECK(crank.sessions() == 1);
}
