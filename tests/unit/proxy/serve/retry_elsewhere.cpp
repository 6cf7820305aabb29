// A request whose own arm has failed it, at another arm.
#include <doctest/doctest.h>

#include <set>

#include "exchanges.h"

using namespace switchyard::test;

TEST_CASE("requests that another arm saves are spread as that arm balances") {
    ListeningWire dead;
    std::vector<std::unique_ptr<ListeningWire>> others;
    std::string endpoints;
    for (int i = 0; i < 3; ++i) {
        others.push_back(std::make_unique<ListeningWire>());
        endpoints += (i == 0 ? "" : ", ") + ("{\"address\": \"127.0.0.1:" + std::to_string(others[i]->port()) + "\"}");
    }
    dead.close();  // last, so that none of the others has its port
    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {
        "blue": {"endpoints": [{"address": "127.0.0.1:)" +
                std::to_string(dead.port()) + R"("}], "health": {"type": "none"}},
        "green": {"endpoints": [)" +
                endpoints + R"(], "health": {"type": "none"}, "balance": {"hash": "header:X-User"}}},
        "routes": [{"name": "all", "split": {"blue": 1000, "green": 1}}]})");
    std::set<std::size_t> asked;
    for (int user = 0; user < 24; ++user) {
        Wire client = crank.client();
        crank.send(client, "GET / HTTP/1.1\r\nHost: a\r\nX-User: " + std::to_string(user) + "\r\n\r\n");
        Wire connection;
        crank.until("a connection to the other arm", [&] {
            for (std::size_t i = 0; i < others.size() && !connection.is_open(); ++i)
                if ((connection = others[i]->accept()).is_open()) asked.insert(i);
            return connection.is_open();
        });
        crank.see(connection, "\r\n\r\n");
        crank.send(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        CHECK(status_of(crank.see(client, "ok")) == "200");
    }
    CHECK(asked.size() > 1);
}

TEST_CASE("an arm that holds nobody to an endpoint sets no cookie, also when it saves a request of one that does") {
    ListeningWire dead, alive;
    dead.close();
    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {
        "blue": {"endpoints": [{"address": "127.0.0.1:)" +
                std::to_string(dead.port()) + R"("}], "health": {"type": "none"}, "sticky_session": {"cookie": "held"}},
        "green": {"endpoints": [{"address": "127.0.0.1:)" +
                std::to_string(alive.port()) + R"("}], "health": {"type": "none"}}},
        "routes": [{"name": "all", "split": {"blue": 1000, "green": 1}}]})");
    Wire client = crank.client();
    crank.send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    Wire connection = crank.accept(alive);
    crank.see(connection, "\r\n\r\n");
    crank.send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const std::string& answer = crank.see(client, "ok");
    CHECK(status_of(answer) == "200");
    CHECK(answer.find("Set-Cookie") == answer.npos);
}
