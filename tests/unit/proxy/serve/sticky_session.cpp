// Sticky sessions: a client stays with its endpoint by a cookie of ours, through a drain, until the endpoint is gone.
#include <doctest/doctest.h>

#include <array>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kSticky = R"("sticky_session": {"cookie": "place"}, "balance": "weighted_round_robin")";

struct Visit {
    std::size_t endpoint = 0;
    std::string cookie;  // empty: none was set
};

// Each visit is a client of its own; connections to endpoints are kept.
struct House {
    Stage stage{2, {}, kSticky};
    std::array<Wire, 2> connections;

    Visit visit(const std::string& cookie = {}) {
        Wire client = stage.client();
        stage.crank->send(client, "GET / HTTP/1.1\r\nHost: a\r\n" +
                                      (cookie.empty() ? std::string() : "Cookie: x=1; place=" + cookie + "\r\n") +
                                      "\r\n");
        Visit out;
        stage.crank->until("a request at an endpoint", [&] {
            for (out.endpoint = 0; out.endpoint < 2; ++out.endpoint) {
                auto& wire = connections[out.endpoint];
                if (!wire.is_open()) wire = stage.endpoints[out.endpoint]->accept();
                if (!wire.is_open()) continue;
                wire.read();
                if (!wire.take().empty()) return true;
            }
            return false;
        });
        stage.crank->send(connections[out.endpoint], kOk);
        const auto seen = stage.crank->see(client, "ok");
        const auto at = seen.find("Set-Cookie: place=");
        if (at != seen.npos) out.cookie = seen.substr(at + 18, 16);
        return out;
    }
    std::string with_states(const char* first) {
        std::string text = one_route({stage.endpoints[0]->port(), stage.endpoints[1]->port()}, {}, kSticky);
        text.insert(text.find("\"}", text.find("address")), std::string("\", \"state\": \"") + first);
        return text;
    }
};

}  // namespace

TEST_CASE("the first visit gets a cookie, the next ones come back to the same endpoint without a new one") {
    House house;
    const Visit first = house.visit();
    REQUIRE(first.cookie.size() == 16);
    for (int i = 0; i < 6; ++i) {
        const Visit again = house.visit(first.cookie);
        CHECK(again.endpoint == first.endpoint);
        CHECK(again.cookie.empty());
    }
    const Visit other = house.visit();
    CHECK(other.endpoint != first.endpoint);
    CHECK(other.cookie != first.cookie);
}

TEST_CASE("a draining endpoint keeps its sessions and gets no new ones; in maintenance they move") {
    House house;
    Visit first = house.visit();
    if (first.endpoint != 0) first = house.visit();
    REQUIRE(first.endpoint == 0);
    house.stage.crank->publish(house.with_states("drain"));
    CHECK(house.visit(first.cookie).endpoint == 0);
    for (int i = 0; i < 4; ++i) CHECK(house.visit().endpoint == 1);
    CHECK(house.visit(first.cookie).endpoint == 0);
    house.stage.crank->publish(house.with_states("maint"));
    const Visit moved = house.visit(first.cookie);
    CHECK(moved.endpoint == 1);
    CHECK(moved.cookie.size() == 16);
}

TEST_CASE("a cookie that we never wrote is replaced") {
    House house;
    CHECK(house.visit("0123456789abcdef").cookie.size() == 16);
    CHECK(house.visit("<script>").cookie.size() == 16);
}

TEST_CASE("the attributes of our cookies are as they always were, or as they are said to be") {
    const auto cookie_of = [](const std::string& route, const std::string& upstream) {
        Stage stage(1, route, upstream);
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->send(connection, kOk);
        const auto value = values(stage.crank->see(client, "ok"), "Set-Cookie");
        return value.substr(std::min(value.find(';'), value.size()));
    };
    const std::string session = R"("sticky_session": {"cookie": "place")",
                      mint = R"("sticky": {"by": "cookie:uid", "mint": true)";
    CHECK(cookie_of({}, session + "}") == "; Path=/; HttpOnly; SameSite=Lax");
    CHECK(cookie_of(mint + "}", {}) == "; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
    CHECK(cookie_of({}, session + R"(, "attributes": {"secure": true, "same_site": "none", "domain": "a.example",
                                      "path": "/shop", "max_age": "1h"}})") ==
          "; Path=/shop; Domain=a.example; HttpOnly; Secure; SameSite=None; Max-Age=3600");
    CHECK(cookie_of(mint + R"(, "attributes": {"same_site": "strict", "max_age": "0s"}})", {}) ==
          "; Path=/; HttpOnly; SameSite=Strict");
}
