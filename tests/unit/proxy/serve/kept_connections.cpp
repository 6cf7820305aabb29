// What a change of a listener means for the connections that it has accepted before.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kForwarded = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.2.3\r\n\r\n";

// With a rule for one client, which answers are told by: the endpoint has both upstreams.
std::string by_client(std::uint16_t port, const std::string& listeners) {
    const std::string endpoint =
        R"({"endpoints": [{"address": "127.0.0.1:)" + std::to_string(port) + R"("}], "health": {"type": "none"}})";
    return R"({"listeners": [)" + listeners + R"(], "upstreams": {"blue": )" + endpoint + R"(, "green": )" + endpoint +
           R"(}, "routes": [{"name": "all", "split": {"blue": 1}, "debug_headers": true,
           "rules": [{"name": "insiders", "when": {"client": true, "in": ["10.0.0.0/8"]}, "upstream": "green"}]}]})";
}

std::string web(const std::string& extra = {}, const std::string& name = "web") {
    return R"({"name": ")" + name + R"(", "bind": "127.0.0.1:0")" + extra + "}";
}

struct Kept {
    ListeningWire listening;
    Crank crank;
    Wire client;
    std::vector<Wire> connections;

    explicit Kept(const std::string& listener) : crank(by_client(listening.port(), listener)) {
        client = crank.client();
        ask(kGet);
    }
    void publish(const std::string& listeners) {
        crank.publish(by_client(listening.port(), listeners));
        crank.turn();
    }
    // The upstreams have connections of their own to the one endpoint.
    std::string ask(const std::string& request) {
        crank.send(client, request);
        Wire* asked = nullptr;
        crank.until("the request at the endpoint", [&] {
            if (Wire fresh = listening.accept(); fresh.is_open()) connections.push_back(std::move(fresh));
            for (auto& connection : connections) {
                connection.read();
                if (connection.seen.find("\r\n\r\n") != std::string::npos) asked = &connection;
            }
            return asked != nullptr;
        });
        asked->take();
        crank.send(*asked, kOk);
        crank.see(client, "ok");
        return client.take();
    }
};

bool went_to(const std::string& answer, const std::string& upstream) {
    return answer.find("upstream=" + upstream) != answer.npos;
}

}  // namespace

TEST_CASE("a proxy that is trusted no more is not believed on the connection that it has kept") {
    Kept kept(web(R"(, "trusted_proxies": ["127.0.0.0/8"])"));
    CHECK_MESSAGE(went_to(kept.ask(kForwarded), "green"), "trusted");
    kept.publish(web());
    CHECK_MESSAGE(went_to(kept.ask(kForwarded), "blue"), "no more");
    kept.publish(web(R"(, "trusted_proxies": ["127.0.0.1/32"])"));
    CHECK_MESSAGE(went_to(kept.ask(kForwarded), "green"), "trusted again");
}

TEST_CASE("a shorter idle_timeout ends connections that wait since before") {
    Kept kept(web(R"(, "idle_timeout": "1h")"));
    kept.crank.pass(5000);
    kept.publish(web(R"(, "idle_timeout": "10s")"));
    kept.crank.pass(4000);
    CHECK(kept.crank.sessions() == 1);
    kept.crank.pass(1200);
    CHECK(kept.crank.sessions() == 0);
}

TEST_CASE("a longer idle_timeout reaches connections with their next request") {
    Kept kept(web(R"(, "idle_timeout": "2s")"));
    kept.publish(web(R"(, "idle_timeout": "1h")"));
    kept.ask(kGet);
    kept.crank.pass(60'000);
    CHECK(kept.crank.sessions() == 1);
}

TEST_CASE("head_timeout is that of the generation in force when a head begins") {
    Kept kept(web(R"(, "head_timeout": "1h")"));
    kept.publish(web(R"(, "head_timeout": "2s")"));
    kept.crank.send(kept.client, "GET / HT");
    kept.crank.pass(2200);
    CHECK(status_of(kept.crank.see_end(kept.client)) == "408");
}

TEST_CASE("Forwarded is written as soon as the listener says so") {
    Kept kept(web());
    kept.publish(web(R"(, "forwarded": true)"));
    kept.crank.send(kept.client, kGet);
    kept.crank.see(kept.connections.at(0), "Forwarded: for=127.0.0.1");
}

TEST_CASE("the last answer on a connection of a listener that is gone says so") {
    Kept kept(web());
    kept.publish(web("", "other"));
    CHECK(kept.ask(kGet).find("Connection: close\r\n") != std::string::npos);
    kept.crank.see_end(kept.client);
}

TEST_CASE("the requests of a listener that is gone keep to its last plan, and so do those of one that came back") {
    Kept kept(web(R"(, "trusted_proxies": ["127.0.0.0/8"])"));
    kept.publish(web("", "other"));
    kept.publish(web() + ", " + web("", "other"));
    CHECK(kept.crank.context.listeners.any_gone());
    CHECK(went_to(kept.ask(kForwarded), "green"));
    kept.crank.see_end(kept.client);
    kept.client = kept.crank.client();
    CHECK(went_to(kept.ask(kForwarded), "blue"));
    CHECK_FALSE(kept.crank.context.listeners.any_gone());
}

TEST_CASE("connections are counted by the name of their listener, through its changes") {
    const auto count = [](Kept& kept, const char* name) {
        return kept.crank.registry.listener_count(name)->value.load();
    };
    Kept kept(web(R"(, "max_connections": 5)"));
    CHECK(count(kept, "web") == 1);
    kept.publish(web(R"(, "max_connections": 7)"));
    CHECK(count(kept, "web") == 1);
    kept.publish(web("", "other"));
    CHECK(count(kept, "web") == 1);
    kept.client.close();
    kept.crank.until("the end of the session", [&] { return kept.crank.sessions() == 0; });
    CHECK(count(kept, "web") == 0);
}
