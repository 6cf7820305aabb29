// Listeners that go, come back and share a port, with clients that stay connected meanwhile.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>

#include "talk.h"
#include "tests/support/test_proxy.h"

using namespace switchyard::test;

namespace {

const std::string kOwnRoute = "GET /own HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kUpgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const std::string kSwitching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

// That no other program holds now: bound and let go.
std::uint16_t free_port() {
    ListeningWire taken;
    return taken.port();
}

Wire connect_v6(std::uint16_t port) {
    const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    Wire out(fd);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("no connection to [::1]");
    return out;
}

std::string listener(const std::string& name, const std::string& host, std::uint16_t port,
                     const std::string& extra = {}) {
    return R"({"name": ")" + name + R"(", "bind": ")" + host + ":" + std::to_string(port) + "\"" + extra + "}";
}

std::string with(const std::string& listeners, std::uint16_t endpoint = 9) {
    return R"({"listeners": [{"name": "first", "bind": "127.0.0.1:0"}, )" + listeners + R"(],
        "upstreams": {"app": {"endpoints": [{"address": "127.0.0.1:)" +
           std::to_string(endpoint) + R"("}], "health": {"type": "none"}}},
        "routes": [{"name": "own", "match": {"path_exact": "/own"}, "respond": {"status": 200, "body": "hi"}},
                   {"name": "app", "split": {"app": 1}}]})";
}

std::string without(std::uint16_t endpoint = 9) {
    auto text = with("", endpoint);
    text.erase(text.find("}, ]") + 1, 2);
    return text;
}

int status(Wire client) {
    return ask(client, kOwnRoute).status;
}

}  // namespace

TEST_CASE("a listener that comes back answers, also while connections of its first life are open") {
    const auto port = free_port();
    ListeningWire endpoint;
    const auto both = with(listener("second", "127.0.0.1", port), endpoint.port());
    TestProxy proxy(both, 2);
    Wire kept = Wire::connect(port), tunnel = Wire::connect(port);
    CHECK(ask(kept, kOwnRoute).status == 200);
    tunnel.write(kUpgrade);
    Wire connection;
    while (!connection.is_open()) connection = endpoint.accept();
    connection.write(kSwitching);
    while (tunnel.seen.find("\r\n\r\n") == tunnel.seen.npos) tunnel.read();

    SUBCASE("after every worker has let it go") {
        proxy.publish(without(endpoint.port()));
        CHECK_THROWS(status(Wire::connect(port)));
        proxy.publish(both);
    }
    SUBCASE("in the same breath") {
        proxy.publish_without_waiting(without(endpoint.port()));
        proxy.publish(both);
    }
    for (int i = 0; i < 20; ++i) CHECK(status(Wire::connect(port)) == 200);
    // Connected clients are served to the end.
    tunnel.write("still here");
    while (connection.seen.find("still here") == connection.seen.npos) connection.read();
    const auto last = ask(kept, kOwnRoute);
    CHECK(last.status == 200);
    CHECK(last.values("connection") == std::vector<std::string>{"close"});
}

TEST_CASE("an idle connection of a listener that is gone ends by itself") {
    const auto port = free_port();
    TestProxy proxy(with(listener("second", "127.0.0.1", port)));
    Wire kept = Wire::connect(port);
    CHECK(ask(kept, kOwnRoute).status == 200);
    proxy.publish(without());
    while (!kept.ended && !kept.cut) kept.read();  // the harness ends what hangs
    CHECK(kept.ended);
}

TEST_CASE("one port of IPv4 and of IPv6 is two listeners, in whatever order they come") {
    const auto port = free_port();
    const auto v4 = listener("v4", "0.0.0.0", port), v6 = listener("v6", "[::]", port, R"(, "max_connections": 1)");
    const auto v6_is_full = [&] {
        Wire one = connect_v6(port);
        REQUIRE(ask(one, kOwnRoute).status == 200);
        CHECK_THROWS(status(connect_v6(port)));
        CHECK(status(Wire::connect(port)) == 200);  // of the other listener
    };
    SUBCASE("together") {
        TestProxy proxy(with(v4 + ", " + v6), 2);
        v6_is_full();
    }
    SUBCASE("together, IPv6 first") {
        TestProxy proxy(with(v6 + ", " + v4), 2);
        v6_is_full();
    }
    SUBCASE("IPv4 beside an IPv6 that took both") {
        TestProxy proxy(with(v6), 2);
        CHECK(status(Wire::connect(port)) == 200);
        proxy.publish(with(v6 + ", " + v4));
        v6_is_full();
        proxy.publish(with(v6));
        CHECK(status(Wire::connect(port)) == 200);
    }
    SUBCASE("a nearer address beside the wildcard") {
        TestProxy proxy(with(listener("any", "0.0.0.0", port)), 2);
        proxy.publish(with(listener("any", "0.0.0.0", port) + ", " +
                           listener("near", "127.0.0.1", port, R"(, "max_connections": 1)")));
        Wire one = Wire::connect(port);
        REQUIRE(ask(one, kOwnRoute).status == 200);
        CHECK_THROWS(status(Wire::connect(port)));
    }
}
