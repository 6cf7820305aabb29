// What is lacking on this side is no fault of the other.
#include <doctest/doctest.h>

#include "exchanges.h"
#include "proxy/base/open_files.h"
#include "proxy/net/shortage.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

// As if so many descriptors were all there are.
struct Limit {
    OpenFiles before = open_files;
    explicit Limit(OpenFiles now) { open_files = now; }
    ~Limit() { open_files = before; }
};

OpenFiles none_for_endpoints() {
    OpenFiles out;
    out.for_endpoints = 0;
    return out;
}

}  // namespace

TEST_CASE("a shortage of descriptors is 503 with Retry-After, and blames no endpoint, no breaker and no arm") {
    Stage stage(2, "",
                R"("ejection": {"consecutive_failures": 1}, "breaker": {"failure_percent": 1, "min_requests": 1})");
    {
        const Limit limit(none_for_endpoints());
        for (int i = 0; i < 20; ++i) {
            Wire client = stage.client();
            stage.crank->send(client, post());
            const auto& seen = stage.crank->see(client, "short of connections");
            CHECK(status_of(seen) == "503");
            CHECK(seen.find("Retry-After: 1\r\n") != seen.npos);
        }
    }
    CHECK(stage.crank->suspects.empty());
    CHECK(stage.in_flight() == 0);
    const auto report = stage.crank->report();
    for (const auto& endpoint : report.endpoints) {
        CHECK(endpoint.counts.unreachable == 0);
        CHECK(endpoint.counts.failed == 0);
    }
    for (const auto& cell : report.cells) CHECK(cell.cell->attempts == 0);
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    std::size_t which = 0;
    Wire connection = stage.accept_any(which);
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, kOk);
    CHECK_MESSAGE(status_of(stage.crank->see(client, "ok")) == "200", "the breaker has never opened");
}

TEST_CASE("a shortage says when to come back, however many endpoints could not be asked") {
    for (const std::size_t endpoints : {1, 2, 3}) {
        CAPTURE(endpoints);
        Stage stage(endpoints);
        const Limit limit(none_for_endpoints());
        for (const std::string& request : {kGet, post()}) {
            Wire client = stage.client();
            stage.crank->send(client, request);
            const auto& seen = stage.crank->see(client, "\r\n\r\n");
            CHECK(status_of(seen) == "503");
            CHECK(seen.find("Retry-After: 1\r\n") != seen.npos);
        }
    }
}

TEST_CASE("while descriptors are short, connections that are kept go on") {
    Stage stage;
    Wire client = stage.client();
    Wire connection = stage.kept_connection(client);
    const Limit limit(none_for_endpoints());
    stage.crank->send(client, kGet);
    stage.answer(connection, client, kGet);
}

TEST_CASE("clients wait in the kernel's queue until there are descriptors for them again") {
    Crank crank(one_route({9}));
    const auto come = [&] {
        Wire out = Wire::connect(crank.port());
        // The listener hears of a client with its first byte.
        while (out.write("G") == 0) REQUIRE_FALSE(out.cut);
        return out;
    };
    Wire first = come();
    crank.until("the first one", [&] { return crank.context.counts.accepted == 1; });
    Wire second;
    {
        OpenFiles none_left;
        none_left.for_clients = 0;
        const Limit limit(none_left);
        second = come();
        crank.until("one that comes as it ends", [&] { return crank.context.counts.accepted == 2; });
        second = come();
        crank.pass(1000);
        CHECK(crank.context.counts.accepted == 2);
    }
    crank.pass(200);
    crank.until("the one that waited", [&] { return crank.context.counts.accepted == 3; });
    CHECK_FALSE(second.cut);
}

TEST_CASE("a limit is shared out: endpoints have more than clients, and something is left for everybody else") {
    for (const std::uint64_t limit : {16u, 64u, 80u, 256u, 1024u, 20'000u, 1'000'000u}) {
        CAPTURE(limit);
        const auto shares = OpenFiles::of(limit);
        CHECK(shares.for_clients > 0);
        CHECK(shares.for_clients < shares.for_endpoints);
        CHECK(static_cast<std::uint64_t>(shares.for_endpoints) < limit);
        CHECK(static_cast<std::uint64_t>(shares.for_clients) >= limit / 2);
    }
    CHECK(OpenFiles::of(80).for_clients == 48);
    CHECK(OpenFiles::of(80).for_endpoints == 64);
    CHECK(OpenFiles::of(1'000'000).for_clients == 998'976);
}

TEST_CASE("errno says whose fault a connection is that does not come about") {
    for (const int ours : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL}) CHECK(net::is_our_shortage(ours));
    for (const int theirs : {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNRESET, ENOENT, EACCES})
        CHECK_FALSE(net::is_our_shortage(theirs));
}
