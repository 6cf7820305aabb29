// Requests of a route that is held: they wait, in order and bounded, and go where the next generation sends them.
#include <doctest/doctest.h>

#include "exchanges.h"
#include "http2_stage.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

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
    CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "504");
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
