// queue_limit: where every endpoint is at max_connections, requests wait for a place.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

// One endpoint that takes one request at a time.
struct Line {
    ListeningWire endpoint;
    Crank crank;

    explicit Line(const std::string& limit = "2")
        : crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {"app": {"endpoints":
                    [{"address": "127.0.0.1:)" +
                std::to_string(endpoint.port()) + R"(", "max_connections": 1}], "health": {"type": "none"},
                    "queue_limit": )" +
                limit + R"(, "timeouts": {"queue": "3s"}}}, "routes": [{"name": "all", "split": {"app": 1}}]})") {}

    Wire ask(const std::string& path) {
        Wire client = crank.client();
        crank.send(client, "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        return client;
    }
    bool asked(Wire& connection, const std::string& path) {
        crank.turn();
        connection.read();
        return connection.seen.find("GET " + path + " ") != std::string::npos;
    }
};

}  // namespace

TEST_CASE("who waits is served in the order of arrival, as places come free") {
    Line line;
    Wire a = line.ask("/a");
    Wire connection = line.crank.accept(line.endpoint);
    line.crank.see(connection, "GET /a ");
    Wire b = line.ask("/b"), c = line.ask("/c");
    CHECK(line.crank.context.waiting == 2);
    CHECK_FALSE(line.asked(connection, "/b"));
    line.crank.send(connection, kOk);
    line.crank.see(a, "ok");
    line.crank.see(connection, "GET /b ");
    CHECK_FALSE(line.asked(connection, "/c"));
    line.crank.send(connection, kOk);
    line.crank.see(b, "ok");
    line.crank.see(connection, "GET /c ");
    line.crank.send(connection, kOk);
    line.crank.see(c, "ok");
    CHECK(line.crank.context.waiting == 0);
}

TEST_CASE("nobody overtakes: who comes while others wait joins them") {
    Line line;
    Wire a = line.ask("/a");
    Wire connection = line.crank.accept(line.endpoint);
    line.crank.see(connection, "GET /a ");
    Wire b = line.ask("/b");
    // a's client asks again in the very turn in which its place comes free.
    line.crank.send(a, "GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
    line.crank.send(connection, kOk);
    line.crank.see(a, "ok");
    line.crank.see(connection, "GET /b ");
    CHECK_FALSE(line.asked(connection, "/again"));
    line.crank.send(connection, kOk);
    line.crank.see(connection, "GET /again ");
}

TEST_CASE("a full queue answers 503 with Retry-After at once, a long wait in it later") {
    Line line("1");
    Wire a = line.ask("/a");
    Wire connection = line.crank.accept(line.endpoint);
    Wire b = line.ask("/b"), c = line.ask("/c");
    CHECK(status_of(line.crank.see(c, "}\n")) == "503");
    CHECK(c.seen.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    line.crank.pass(2900);
    b.read();
    CHECK(b.seen.empty());
    line.crank.pass(300);
    CHECK(status_of(line.crank.see(b, "}\n")) == "503");
    CHECK(b.seen.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    CHECK(line.crank.context.waiting == 0);
    // The place is not lost by it.
    line.crank.see(connection, "GET /a ");
    line.crank.send(connection, kOk);
    line.crank.see(a, "ok");
    Wire d = line.ask("/d");
    line.crank.see(connection, "GET /d ");
}

TEST_CASE("a client that leaves while it waits gives its place in the queue to the next") {
    Line line;
    Wire a = line.ask("/a");
    Wire connection = line.crank.accept(line.endpoint);
    line.crank.see(connection, "GET /a ");
    Wire b = line.ask("/b"), c = line.ask("/c");
    b.close();
    line.crank.until("the queue to notice", [&] { return line.crank.context.waiting == 1; });
    line.crank.send(connection, kOk);
    line.crank.see(connection, "GET /c ");
    CHECK_FALSE(line.asked(connection, "/b"));
    line.crank.send(connection, kOk);
    line.crank.see(c, "ok");
}

TEST_CASE("a place that another worker has freed is found") {
    Line line;
    auto& endpoint = line.crank.context.in_force->snapshot->upstreams[0]->endpoints[0];
    endpoint.state->in_flight = 1;  // another worker's
    Wire a = line.ask("/a");
    CHECK(line.crank.context.waiting == 1);
    endpoint.state->in_flight = 0;
    line.crank.context.call_queues();  // as each tick of the worker does
    Wire connection = line.crank.accept(line.endpoint);
    line.crank.see(connection, "GET /a ");
    line.crank.send(connection, kOk);
    line.crank.see(a, "ok");
}

TEST_CASE("after a switch those who wait go where the new generation sends them") {
    Line line;
    Wire a = line.ask("/a");
    Wire connection = line.crank.accept(line.endpoint);
    Wire b = line.ask("/b");
    ListeningWire other;
    line.crank.publish(one_route({other.port()}));
    line.crank.context.call_queues();
    Wire elsewhere = line.crank.accept(other);
    line.crank.see(elsewhere, "GET /b ");
    CHECK(line.crank.context.waiting == 0);
    line.crank.send(elsewhere, kOk);
    line.crank.see(b, "ok");
}
