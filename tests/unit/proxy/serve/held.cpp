// Requests of a route that is held: they wait, in order and bounded, and go where the next generation sends them.
#include <doctest/doctest.h>

#include <algorithm>

#include "exchanges.h"
#include "http2_stage.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

// One endpoint that takes two requests at a time.
struct Narrow {
    ListeningWire endpoint;
    Crank crank;
    std::vector<Wire> clients;
    std::vector<Wire> connections;

    explicit Narrow(const std::string& limit = "100", const std::string& upstream = {})
        : crank(config(R"("hold": {"until": "2200-01-01T00:00:00Z", "limit": )" + limit + "}", upstream)),
          upstream_(upstream) {}

    std::string config(const std::string& route, const std::string& upstream) {
        return R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {"app": {"endpoints":
                    [{"address": "127.0.0.1:)" +
               std::to_string(endpoint.port()) + R"(", "max_connections": 2}], "health": {"type": "none"})" + upstream +
               R"(}}, "routes": [{"name": "all", "split": {"app": 1})" + (route.empty() ? "" : ", " + route) + "}]}";
    }
    void ask(int number) {
        clients.push_back(crank.client());
        crank.send(clients.back(), "GET /" + std::to_string(number) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        crank.turn();
    }
    void resume() { crank.publish(config("", upstream_)); }
    std::uint32_t waiting() { return crank.registry.held_count("all")->value.load(); }
    // Requests that the endpoint has and has not answered, in the order they came by.
    std::vector<std::string> asked() {
        for (;;) {
            crank.turn();
            Wire next = endpoint.accept();
            if (!next.is_open()) break;
            connections.push_back(std::move(next));
        }
        std::vector<std::string> out;
        for (Wire& connection : connections) {
            connection.read();
            if (const auto end = connection.seen.find(" HTTP/1.1"); end != std::string::npos)
                out.push_back(connection.seen.substr(4, end - 4));
        }
        return out;
    }
    void answer(const std::string& path) {
        for (Wire& connection : connections)
            if (connection.seen.starts_with("GET " + path + " ")) {
                connection.take();
                crank.send(connection, kOk);
            }
    }

  private:
    const std::string upstream_;
};

// Far from now, whenever this runs.
const std::string kHeld = R"("hold": {"until": "2200-01-01T00:00:00Z", "limit": 3})";

std::string get(int number) {
    return "GET /" + std::to_string(number) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::uint32_t waiting(Stage& stage) {
    return stage.crank->registry.held_count("all")->value.load();
}

}  // namespace

TEST_CASE("they wait until they may go on, and go in the order they came") {
    Stage stage(1, kHeld);
    std::vector<Wire> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(stage.client());
        stage.crank->send(clients.back(), get(i));
        stage.crank->until("it waits",
                           [&] { return stage.crank->turn(), waiting(stage) == static_cast<unsigned>(i) + 1; });
    }
    stage.crank->pass(60'000);
    CHECK(waiting(stage) == 3);
    // Another generation that holds, too: they stay.
    stage.crank->publish(one_route({stage.endpoints[0]->port()}, kHeld + R"(, "debug_headers": true)"));
    stage.crank->turn();
    CHECK(waiting(stage) == 3);
    CHECK(stage.crank->generations() == 1);  // and hold no older one
    stage.crank->publish(one_route({stage.endpoints[0]->port()}));
    std::vector<Wire> endpoints;
    for (int i = 0; i < 3; ++i) {
        endpoints.push_back(stage.accept());
        stage.crank->see(endpoints.back(), "GET /" + std::to_string(i) + " ");
        stage.crank->send(endpoints.back(), kOk);
        CHECK(status_of(stage.crank->see(clients[static_cast<std::size_t>(i)], "ok")) == "200");
    }
    CHECK(waiting(stage) == 0);
    CHECK(stage.crank->context.waiting == 0);
}

TEST_CASE("no more wait than may, and the next is told when to come again") {
    Stage stage(1, kHeld);
    std::vector<Wire> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(stage.client());
        stage.crank->send(clients.back(), get(i));
        stage.crank->until("it waits",
                           [&] { return stage.crank->turn(), waiting(stage) == static_cast<unsigned>(i) + 1; });
    }
    Wire late = stage.client();
    stage.crank->send(late, kGet);
    const std::string answer = stage.crank->see(late, "\r\n\r\n");
    CHECK(status_of(answer) == "503");
    CHECK(values(answer, "Retry-After") != "-");
    // One that leaves makes room.
    clients[1].close();
    stage.crank->until("it has left", [&] { return stage.crank->turn(), waiting(stage) == 2; });
}

TEST_CASE("one whose time is over holds nothing") {
    Stage stage(1, R"("hold": {"until": "2020-01-01T00:00:00Z"})");
    Wire client = stage.client();
    stage.kept_connection(client);
}

TEST_CASE("the time of the request goes on") {
    Stage stage(1, kHeld + R"(, "timeouts": {"request": "5s"})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    stage.crank->until("it waits", [&] { return stage.crank->turn(), waiting(stage) == 1; });
    stage.crank->pass(6'000);
    CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "503");
    CHECK(waiting(stage) == 0);
}

TEST_CASE("a page is answered at once, whatever the rules") {
    Stage stage(1, R"("rules": [{"name": "r", "when": {"method": true, "equals": "GET"}, "upstream": "app"}],
                      "hold": {"until": "2200-01-01T00:00:00Z", "respond": {"status": 503, "body": "back at noon", "content_type": "text/html"}})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    const std::string answer = stage.crank->see(client, "back at noon");
    CHECK(status_of(answer) == "503");
    CHECK(values(answer, "Content-Type") == "text/html");
    CHECK(values(answer, "Retry-After") == "86400");
    CHECK(waiting(stage) == 0);
}

TEST_CASE("lanes of HTTP/2 wait as connections do, beside others that are served") {
    Http2Stage stage(kHeld);
    stage.client.headers(1, h2_request());
    stage.client.headers(3, h2_request());
    stage.crank->until("they wait", [&] { return stage.crank->turn(), waiting(stage) == 2; });
    stage.crank->publish(one_route({stage.endpoints[0]->port()}, "", "", kBothProtocols));
    for (int i = 0; i < 2; ++i) {
        Wire endpoint = stage.accept();
        stage.crank->see(endpoint, "\r\n\r\n");
        stage.crank->send(endpoint, kOk);
    }
    CHECK(stage.client.answer(1).status() == "200");
    CHECK(stage.client.answer(3).status() == "200");
}

TEST_CASE("those that are let go wait for places, in their order, and none of them is refused") {
    for (const char* upstream : {"", R"(, "queue_limit": 1)"}) {
        Narrow stage("100", upstream);
        for (int i = 0; i < 20; ++i) stage.ask(i);
        CHECK(stage.waiting() == 20);
        stage.resume();
        for (int i = 0; i < 20; i += 2) {
            stage.crank.until("two of them", [&] { return stage.asked().size() == 2; });
            auto two = stage.asked();
            std::ranges::sort(two);
            std::vector<std::string> expected{"/" + std::to_string(i), "/" + std::to_string(i + 1)};
            std::ranges::sort(expected);
            CHECK(two == expected);
            CHECK(stage.waiting() == static_cast<unsigned>(20 - i - 2));
            for (const auto& path : two) stage.answer(path);
        }
        for (Wire& client : stage.clients) CHECK(status_of(stage.crank.see(client, "ok")) == "200");
        CHECK(stage.crank.context.waiting == 0);
    }
}

TEST_CASE("those that come while others are let go come behind them, within the limit of the hold") {
    Narrow stage("5");
    for (int i = 0; i < 5; ++i) stage.ask(i);
    stage.resume();
    stage.ask(5);
    stage.ask(6);
    stage.crank.turn();
    CHECK(stage.waiting() == 5);
    stage.ask(7);
    CHECK(status_of(stage.crank.see(stage.clients.back(), "\r\n\r\n")) == "503");
    stage.clients.pop_back();
    for (int i = 0; i < 7;) {
        stage.crank.until("one of them", [&] { return !stage.asked().empty(); });
        for (const auto& path : stage.asked()) {
            CHECK((path == "/" + std::to_string(i) || path == "/" + std::to_string(i + 1)));
        }
        for (const auto& path : stage.asked()) stage.answer(path), ++i;
    }
    for (Wire& client : stage.clients) CHECK(status_of(stage.crank.see(client, "ok")) == "200");
    CHECK(stage.waiting() == 0);
}

TEST_CASE("more than are called at once go all the same, in their order") {
    Narrow stage("1000");
    constexpr int kMany = 200;
    static_assert(kMany > 2 * serve::HeldRequests::kAtOnce);
    for (int i = 0; i < kMany; ++i) stage.ask(i);
    CHECK(stage.waiting() == kMany);
    // Held by another generation, too: all look, all stay.
    stage.crank.publish(
        stage.config(R"("debug_headers": true, "hold": {"until": "2200-01-01T00:00:00Z", "limit": 1000})", ""));
    stage.crank.turn();
    CHECK(stage.waiting() == kMany);
    CHECK(stage.crank.generations() == 1);
    stage.resume();
    for (int i = 0; i < kMany;) {
        stage.crank.until("some of them", [&] { return !stage.asked().empty(); });
        for (const auto& path : stage.asked()) {
            CHECK((path == "/" + std::to_string(i) || path == "/" + std::to_string(i + 1)));
        }
        for (const auto& path : stage.asked()) stage.answer(path), ++i;
    }
    for (Wire& client : stage.clients) CHECK(status_of(stage.crank.see(client, "ok")) == "200");
}

TEST_CASE("what waits is in flight at no endpoint, and no drain waits for it") {
    Stage stage(1, kHeld);
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    stage.crank->until("it waits", [&] { return stage.crank->turn(), waiting(stage) == 1; });
    CHECK(stage.crank->report().in_flight.empty());
    CHECK(stage.in_flight() == 0);
    stage.crank->publish(one_route({stage.endpoints[0]->port()}));
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    CHECK(stage.crank->report().in_flight.size() == 1);
    CHECK(stage.in_flight() == 1);
}

TEST_CASE("a client of HTTP/2 that is gone, and a lane that is reset, give their places back") {
    Http2Stage stage(kHeld);
    stage.client.headers(1, h2_request());
    stage.client.headers(3, h2_request());
    stage.crank->until("they wait", [&] { return stage.crank->turn(), waiting(stage) == 2; });
    stage.client.reset(1);
    stage.crank->until("one is gone", [&] { return stage.crank->turn(), waiting(stage) == 1; });
    SUBCASE("in order") {
        stage.client.wire.close();
    }
    SUBCASE("killed") {
        stage.client.wire.reset();
    }
    stage.crank->until("both are gone", [&] { return stage.crank->turn(), waiting(stage) == 0; });
    CHECK(stage.crank->context.waiting == 0);
}

TEST_CASE("one that another route holds is counted there and nowhere else") {
    const auto config = [](std::uint16_t port, const std::string& more) {
        return R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {"app": {"endpoints": [{"address": "127.0.0.1:)" +
               std::to_string(port) + R"("}], "health": {"type": "none"}}}, "routes": [)" + more +
               R"({"name": "all", "split": {"app": 1}, )" + kHeld + "}]}";
    };
    ListeningWire endpoint;
    Crank crank(config(endpoint.port(), ""));
    Wire client = crank.client();
    crank.send(client, get(1));
    crank.until("it waits", [&] { return crank.turn(), crank.registry.held_count("all")->value.load() == 1; });
    crank.publish(config(endpoint.port(),
                         R"({"name": "other", "match": {"path_prefix": "/1"}, "split": {"app": 1}, )" + kHeld + "}, "));
    crank.turn();
    CHECK(crank.registry.held_count("all")->value.load() == 0);
    CHECK(crank.registry.held_count("other")->value.load() == 1);
    CHECK(crank.context.waiting == 1);
    client.close();
    crank.until("it has left", [&] { return crank.turn(), crank.registry.held_count("other")->value.load() == 0; });
    CHECK(crank.context.waiting == 0);
}

TEST_CASE("its place among a route's requests in flight is its own until it goes") {
    const std::string limits = R"("limits": {"in_flight": 2}, )";
    Stage stage(1, limits + kHeld);
    Wire a = stage.client(), b = stage.client();
    stage.crank->send(a, get(1));
    stage.crank->send(b, get(2));
    stage.crank->until("they wait", [&] { return stage.crank->turn(), waiting(stage) == 2; });
    const auto count = stage.crank->registry.route_count("all");
    CHECK(count->value.load() == 2);
    stage.crank->publish(one_route({stage.endpoints[0]->port()}, R"("limits": {"in_flight": 2})"));
    Wire first = stage.accept(), second = stage.accept();
    CHECK(count->value.load() == 2);
    for (Wire* each : {&first, &second}) {
        stage.crank->see(*each, "\r\n\r\n");
        stage.crank->send(*each, kOk);
    }
    stage.crank->see(a, "ok");
    stage.crank->see(b, "ok");
    CHECK(count->value.load() == 0);
}

TEST_CASE("at its end by the clock they go by themselves, and a page is answered no more") {
    Stage stage(1, R"("hold": {"until": "2200-01-01T00:00:00Z"})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    stage.crank->until("it waits", [&] { return stage.crank->turn(), waiting(stage) == 1; });
    stage.crank->context.wall_seconds = 7'258'118'400;  // 2200
    stage.crank->pass(200);
    Wire endpoint = stage.accept();
    stage.answer(endpoint, client, kGet);
    CHECK(waiting(stage) == 0);

    Stage page(1, R"("rules": [{"name": "r", "when": {"method": true, "equals": "POST"}, "upstream": "app"}],
                     "hold": {"until": "2200-01-01T00:00:00Z", "respond": {"status": 503, "body": "back at noon"}})");
    Wire asks = page.client();
    page.crank->send(asks, kGet);
    page.crank->see(asks, "back at noon");
    asks.take();
    page.crank->context.wall_seconds = 7'258'118'400;
    page.kept_connection(asks);
}

TEST_CASE(
    "where the process ends they are answered; where another one decides they stay until most of the time is over") {
    for (const bool alone : {true, false}) {
        CAPTURE(alone);
        Stage stage(1, kHeld);
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        stage.crank->until("it waits", [&] { return stage.crank->turn(), waiting(stage) == 1; });
        stage.crank->core.begin_drain(10'000, alone);
        stage.crank->turn();
        CHECK(waiting(stage) == (alone ? 0 : 1));
        if (!alone) {
            stage.crank->pass(7'900);
            stage.crank->core.is_drained();
            stage.crank->turn();
            CHECK(waiting(stage) == 1);
            stage.crank->pass(200);
            stage.crank->core.is_drained();
        }
        const std::string answer = stage.crank->see(client, "\r\n\r\n");
        CHECK(status_of(answer) == "503");
        CHECK(values(answer, "Retry-After") == "86400");
        CHECK(values(answer, "Connection") == "close");
        client.close();
        stage.crank->until("all have left", [&] { return stage.crank->turn(), stage.crank->core.empty(); });
    }
}

TEST_CASE("in a process that another one has followed they are let go by what that one decides") {
    Stage stage(1, kHeld);
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    stage.crank->until("it waits", [&] { return stage.crank->turn(), waiting(stage) == 1; });
    stage.crank->core.begin_drain(10'000, false);
    stage.crank->publish(one_route({stage.endpoints[0]->port()}));
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    stage.crank->send(endpoint, kOk);
    CHECK(status_of(stage.crank->see(client, "ok")) == "200");
}
