// A name's address changes under a running worker: kept connections, what is in flight, and when a generation is over.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "talk.h"
#include "tests/support/test_proxy.h"

using namespace switchyard::test;

namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string by_name(std::uint16_t port, int weight = 1) {
    return R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"app": {"endpoints": [{"address": "app.test:)" +
           std::to_string(port) + R"(", "weight": )" + std::to_string(weight) + R"(}], "health": {"type": "none"}}},
        "routes": [{"name": "app", "split": {"app": 1}}]})";
}

template <typename Condition>
void wait_for(const char* what, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error(std::string("waited in vain for ") + what);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

// The endpoint's side of a request that has arrived.
Wire asked(ListeningWire& endpoint) {
    Wire connection;
    wait_for("a connection", [&] { return (connection = endpoint.accept()).is_open(); });
    wait_for("a request", [&] { return connection.read(), connection.seen.ends_with("\r\n\r\n"); });
    return connection;
}

void answered(Wire& client) {
    wait_for("the answer", [&] { return client.read(), client.seen.ends_with("\r\n\r\nok"); });
    client.take();
}

struct Place {
    ListeningWire first;
    ListeningWire second{2, first.port()};
    TestProxy proxy{by_name(first.port())};

    Place() { proxy.publish_addresses({{"app.test", {"127.0.0.1"}}}); }
    void move() { proxy.publish_addresses({{"app.test", {"127.0.0.2"}}}); }
};

}  // namespace

TEST_CASE("an unknown name is 503; once it is known its requests arrive, with the name as Host where none came") {
    Place p;
    p.proxy.publish_addresses({});
    Wire client = Wire::connect(p.proxy.port());
    CHECK(ask(client, kGet).status == 503);
    p.proxy.publish_addresses({{"app.test", {"127.0.0.1"}}});
    Wire another = Wire::connect(p.proxy.port());
    another.write("GET / HTTP/1.0\r\n\r\n");
    Wire connection = asked(p.first);
    CHECK(connection.seen.find("\r\nHost: app.test:" + std::to_string(p.first.port()) + "\r\n") != std::string::npos);
    connection.write(kAnswer);
    answered(another);
}

TEST_CASE("an idle connection to a former address is closed, and one that is in use is not kept") {
    Place p;
    Wire quick = Wire::connect(p.proxy.port()), slow = Wire::connect(p.proxy.port());
    slow.write(kGet);
    Wire in_use = asked(p.first);
    quick.write(kGet);
    Wire idle = asked(p.first);
    idle.write(kAnswer);
    answered(quick);
    p.move();
    wait_for("the end of the idle one", [&] { return idle.read(), idle.ended || idle.cut; });
    // The same client goes to the new address.
    quick.write(kGet);
    Wire moved = asked(p.second);
    moved.write(kAnswer);
    answered(quick);
    // What is in flight is finished where it was begun, and then that connection is not kept.
    CHECK_FALSE(in_use.ended);
    in_use.write(kAnswer);
    answered(slow);
    wait_for("its end", [&] { return in_use.read(), in_use.ended || in_use.cut; });
    CHECK_FALSE(moved.ended);
}

TEST_CASE("an address that comes back is kept again") {
    Place p;
    p.move();
    p.proxy.publish_addresses({{"app.test", {"127.0.0.1"}}});
    Wire client = Wire::connect(p.proxy.port());
    client.write(kGet);
    Wire connection = asked(p.first);
    connection.write(kAnswer);
    answered(client);
    connection.take();
    client.write(kGet);
    wait_for("a second request", [&] { return connection.read(), connection.seen.ends_with("\r\n\r\n"); });
    connection.write(kAnswer);
    answered(client);
}

TEST_CASE("a generation is over when the last request by any of its addresses is") {
    Place p;
    Wire one = Wire::connect(p.proxy.port()), two = Wire::connect(p.proxy.port());
    one.write(kGet);
    Wire first = asked(p.first);
    p.move();
    two.write(kGet);
    Wire second = asked(p.second);
    CHECK(p.proxy.publish(by_name(p.first.port(), 2)) == 2);
    const auto in_flight = [&] {
        std::uint64_t sum = 0;
        for (const auto& report : p.proxy.collect())
            for (const auto& held : report.in_flight)
                if (held.generation == 1) sum += held.requests;
        return sum;
    };
    CHECK(in_flight() == 2);
    first.write(kAnswer);
    answered(one);
    CHECK(in_flight() == 1);
    CHECK_FALSE(p.proxy.retired(1));
    second.write(kAnswer);
    answered(two);
    p.proxy.wait_retired(1);
    CHECK(in_flight() == 0);
}
