// Tunnels of an endpoint that is being drained end, spread over time; all others are left alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;
using serve::Tunnels;

namespace {

const std::string kUpgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const std::string kSwitching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

struct Pair {
    Wire client, endpoint;
};

Pair open(Stage& stage) {
    Pair out;
    out.client = stage.client();
    stage.crank->send(out.client, kUpgrade);
    out.endpoint = stage.accept();
    stage.crank->see(out.endpoint, "\r\n\r\n");
    stage.crank->send(out.endpoint, kSwitching);
    stage.crank->see(out.client, "\r\n\r\n");
    return out;
}

void follow(Stage& stage, const std::string& config) {
    auto& crank = *stage.crank;
    crank.publish(config);
    crank.context.tunnels.follow(*crank.context.in_force->snapshot, crank.context.now_ms, crank.context.random);
    crank.turn();
}

std::string with_endpoint_state(Stage& stage, const char* state) {
    auto text = one_route({stage.endpoints[0]->port()});
    return text.insert(text.find("\"}", text.find("address")), std::string("\", \"state\": \"") + state);
}

}  // namespace

TEST_CASE("an unrelated generation touches no tunnel") {
    Stage stage;
    Pair pair = open(stage);
    follow(stage, one_route({stage.endpoints[0]->port()}, R"("debug_headers": true)"));
    stage.crank->pass(Tunnels::kGraceMs + Tunnels::kSpreadMs + 1000);
    stage.crank->send(pair.client, "still here");
    stage.crank->see(pair.endpoint, "still here");
}

TEST_CASE("removed, drained, in maintenance or routed to no more: the tunnel gets its time and ends in order") {
    ListeningWire elsewhere;
    for (const std::string how : {"removed", "drain", "maint", "weight 0"}) {
        CAPTURE(how);
        Stage stage;
        Pair pair = open(stage);
        std::string config;
        if (how == "removed") {
            config = one_route({elsewhere.port()});
        } else if (how == "weight 0") {
            config = one_route({stage.endpoints[0]->port()});
            const auto close = config.find("}}, \"routes\"");
            config.insert(close + 1, R"(, "other": {"endpoints": [{"address": "127.0.0.1:)" +
                                         std::to_string(elsewhere.port()) + R"("}]})");
            const std::string split = R"({"app": 1})";
            config.replace(config.find(split), split.size(), R"({"app": 0, "other": 1})");
        } else {
            config = with_endpoint_state(stage, how.c_str());
        }
        follow(stage, config);
        stage.crank->pass(Tunnels::kGraceMs - 200);
        stage.crank->send(pair.client, "in the grace");
        stage.crank->see(pair.endpoint, "in the grace");
        stage.crank->pass(Tunnels::kSpreadMs + 1000);
        stage.crank->see_end(pair.client);
        CHECK(pair.client.ended);
        stage.crank->see_end(pair.endpoint);
        CHECK(stage.in_flight() == 0);
    }
}

TEST_CASE("an undo takes the deadline away") {
    Stage stage;
    Pair pair = open(stage);
    follow(stage, with_endpoint_state(stage, "drain"));
    stage.crank->pass(2000);
    follow(stage, one_route({stage.endpoints[0]->port()}));
    stage.crank->pass(Tunnels::kGraceMs + Tunnels::kSpreadMs + 1000);
    stage.crank->send(pair.client, "still here");
    stage.crank->see(pair.endpoint, "still here");
}

TEST_CASE("a thousand tunnels end spread over the time, not at once") {
    Stage stage;
    std::vector<Pair> pairs;
    for (int i = 0; i < 1000; ++i) pairs.push_back(open(stage));
    follow(stage, with_endpoint_state(stage, "drain"));
    stage.crank->pass(Tunnels::kGraceMs - 100);
    REQUIRE(stage.in_flight() == 1000);
    std::uint32_t left = 1000, most = 0;
    constexpr std::int64_t kSlice = 1000;
    for (std::int64_t t = 0; t <= Tunnels::kSpreadMs; t += kSlice) {
        stage.crank->pass(kSlice);
        for (auto& pair : pairs) pair.client.read();
        const std::uint32_t now = stage.in_flight();
        most = std::max(most, left - now);
        left = now;
    }
    CHECK(left == 0);
    CHECK(most < 100);  // evenly: 40 in each second
}

TEST_CASE("at the end of the worker all tunnels end within its time") {
    Stage stage;
    Pair a = open(stage), b = open(stage);
    auto& crank = *stage.crank;
    crank.context.tunnels.end_within(8000, crank.context.now_ms, crank.context.random);
    crank.pass(8200);
    crank.see_end(a.client);
    crank.see_end(b.client);
    CHECK(stage.in_flight() == 0);
}
