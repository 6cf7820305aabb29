// min_rate against clients that drip and clients that do not read; and patience with slow endpoints.
#include <doctest/doctest.h>

#include "exchanges.h"
#include "proxy/serve/rate_floor.h"

using namespace switchyard::test;
using switchyard::serve::RateFloor;

namespace {

const std::string kPost = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";

}  // namespace

TEST_CASE("the floor judges each full window by what moved in it") {
    RateFloor floor;
    floor.start(100, 0);
    CHECK_FALSE(floor.waited(4999));
    CHECK(floor.patience_ms() == 1);
    CHECK(floor.waited(1));
    CHECK_FALSE(floor.too_slow(500));
    CHECK(floor.patience_ms() == RateFloor::kWindowMs);
    CHECK(floor.waited(5000));
    CHECK(floor.too_slow(999));  // 499 in this one
    CHECK(floor.waited(10'000));
    CHECK_FALSE(floor.too_slow(1999));
}

TEST_CASE("a body that drips below the rate is cut, whatever its idle time") {
    Stage stage(1, {}, {}, R"("min_rate": 100)");
    Wire client = stage.client();
    stage.crank->send(client, kPost);
    Wire endpoint = stage.accept();
    for (int i = 0; i < 30 && !client.ended; ++i) {
        client.write("x");
        stage.crank->pass(500);
        client.read();
    }
    CHECK(status_of(client.seen) == "408");
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("a body above the rate takes the time it takes") {
    Stage stage(1, {}, {}, R"("min_rate": 100)");
    Wire client = stage.client();
    stage.crank->send(client, kPost);
    Wire endpoint = stage.accept();
    for (int i = 0; i < 120; ++i) {
        stage.crank->send(client, std::string(60, 'x'));
        stage.crank->pass(500);
        endpoint.read();
    }
    client.read();
    CHECK(client.seen.empty());
    CHECK(stage.in_flight() == 1);
}

TEST_CASE("without a rate a drip is borne, and silence ends at the idle time") {
    Stage stage(1, {}, R"("timeouts": {"idle": "20s"})");
    Wire client = stage.client();
    stage.crank->send(client, kPost);
    Wire endpoint = stage.accept();
    for (int i = 0; i < 10; ++i) {
        client.write("x");
        stage.crank->pass(10'000);
    }
    client.read();
    CHECK(client.seen.empty());
    stage.crank->pass(21'000);
    CHECK(status_of(stage.crank->see(client, "}\n")) == "408");
}

TEST_CASE("a client that does not read its answer is cut") {
    Stage stage(1, {}, {}, R"("min_rate": 1000)");
    Wire client = stage.client();
    client.shrink_buffers();
    stage.crank->send(client, kGet);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + std::string(8'000'000, 'x');
    std::string_view left = answer;
    for (int i = 0; i < 300 && stage.in_flight() == 1; ++i) {
        left.remove_prefix(endpoint.write(left));
        stage.crank->pass(100);
        client.read(10);  // 100 bytes a second
    }
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("an endpoint that is slow costs the client nothing") {
    Stage stage(1, {}, R"("timeouts": {"idle": "60s"})", R"("min_rate": 1000)");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire endpoint = stage.accept();
    stage.crank->send(endpoint, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 100; ++i) {
        stage.crank->send(endpoint, "x");
        stage.crank->pass(1000);
    }
    CHECK(stage.crank->see(client, std::string(100, 'x')).ends_with("x"));
}
