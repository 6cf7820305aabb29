// A request that lasts is told apart from those that are about to be answered, while a drain is waited for.
#include <doctest/doctest.h>

#include "exchanges.h"
#include "http2_stage.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const std::string kPatient = R"("timeouts": {"idle": "10m", "response_head": "10m"})";
constexpr std::int64_t kAgeMs = kStreamAgeUs / 1000;

// By the generation before, of both kinds.
InFlight older(Crank& crank) {
    for (const InFlight& one : crank.report().in_flight)
        if (one.generation == 1) return one;
    return {};
}

}  // namespace

TEST_CASE("what an older generation holds for more than a minute are streams") {
    Stage stage(1, {}, kPatient);
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    stage.crank->send(endpoint, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
    stage.crank->see(client, "x\r\n");
    stage.crank->pass(kAgeMs + 1'000);
    // Nothing is drained: it is a request like others.
    REQUIRE(older(*stage.crank).requests == 1);
    Wire other = stage.client();
    stage.crank->send(other, kGet);
    Wire asked = stage.accept();
    stage.crank->see(asked, "\r\n\r\n");
    stage.crank->publish(one_route({stage.endpoints[0]->port()}, R"("debug_headers": true)", kPatient));
    const InFlight held = older(*stage.crank);
    CHECK(held.requests == 1);
    CHECK(held.streams == 1);
    CHECK(held.tunnels == 0);
    CHECK(held.all() == 2);
    stage.crank->send(endpoint, "0\r\n\r\n");
    stage.crank->see(client, "0\r\n\r\n");
    CHECK(older(*stage.crank).all() == 1);  // at once; which one it is with the next look
    stage.crank->pass(1'000);
    CHECK(older(*stage.crank).streams == 0);
    CHECK(older(*stage.crank).requests == 1);
}

TEST_CASE("over HTTP/2 each lane counts for itself, and by its own age") {
    Http2Stage stage({}, kPatient);
    std::string request;
    stage.client.headers(1, h2_request());
    Wire first = stage.asked(request);
    stage.crank->pass(kAgeMs);
    stage.client.headers(3, h2_request());
    Wire second = stage.asked(request);
    stage.crank->publish(one_route({stage.endpoints[0]->port()}, R"("debug_headers": true)", kPatient, kBothProtocols));
    stage.crank->pass(1'000);
    CHECK(older(*stage.crank).streams == 1);
    CHECK(older(*stage.crank).requests == 1);
}
