// The end of a worker, as clients on connections that stay see it.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "talk.h"
#include "tests/support/test_proxy.h"

using namespace switchyard::test;

namespace {

const std::string kOwn = "GET /own HTTP/1.1\r\nHost: a\r\n\r\n";

std::string configuration(std::uint16_t endpoint) {
    return R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"app": {"endpoints": [{"address": "127.0.0.1:)" +
           std::to_string(endpoint) + R"("}], "health": {"type": "none"}}},
        "routes": [{"name": "own", "match": {"path_exact": "/own"}, "respond": {"status": 200, "body": "hi"}},
                   {"name": "app", "split": {"app": 1}}]})";
}

template <typename Condition>
void until(const char* what, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error(std::string("waited in vain for ") + what);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

TEST_CASE("a connection whose answer ends late in a drain has its time for one more request from then on") {
    ListeningWire endpoint;
    TestProxy proxy(configuration(endpoint.port()));
    Wire busy = Wire::connect(proxy.port()), idle = Wire::connect(proxy.port());
    CHECK(ask(idle, kOwn).status == 200);
    busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    Wire connection;
    until("a connection to the endpoint", [&] { return (connection = endpoint.accept()).is_open(); });
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nso");
    until("the beginning of the answer", [&] { return busy.read(), busy.seen.ends_with("so"); });
    CHECK(busy.take().find("Connection: close") == std::string::npos);

    std::jthread ending([&] { proxy.drain(std::chrono::seconds(20)); });
    until("the end of what was idle before", [&] { return idle.read(), idle.ended || idle.cut; });
    connection.write("me");
    until("the end of the answer", [&] { return busy.read(), busy.seen == "me"; });
    busy.take();
    // A client takes a moment before it asks again; less than the second it is given.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const auto last = ask(busy, kOwn);
    CHECK(last.status == 200);
    CHECK(last.values("connection") == std::vector<std::string>{"close"});
}
