// An endpoint that stops after byte N of its response, for every N and every way to stop: the client sees the whole
// response, a cut that cannot be mistaken for one, or 502 or 504; and every count comes out even.
#include <doctest/doctest.h>

#include <string>

#include "settled.h"
#include "tests/support/strict_message.h"

using namespace switchyard;
using namespace switchyard::test;
using Outcome = StrictResult::Outcome;

namespace {

enum class Stop { close, reset, stall };

constexpr const char* kStops[] = {"close", "reset", "stall"};

struct Plan {
    const char* name;
    std::string request;
    std::string response;
    std::string body;  // what the client must get when it gets anything whole
};

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const std::string kPut = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

const Plan kPlans[] = {
    {"length", kGet, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello, world", "hello, world"},
    {"chunks", kGet,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\nX: 1\r\n\r\n",
     "hello, world"},
    {"interim", kPost, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nyes", "yes"},
    {"no body", kPut, "HTTP/1.1 204 No Content\r\nX-Some: thing\r\n\r\n", ""},
};

// The counts of one worker, added up over reports.
struct Ledger {
    std::uint64_t exchanges = 0, cut = 0, ok = 0, failed = 0, unreachable = 0;

    void add(const WorkerReport& report) {
        for (const auto& delta : report.cells) {
            for (const auto n : delta.cell->by_class) exchanges += n;
            cut += delta.cell->by_class[0];
        }
        for (const auto& endpoint : report.endpoints) {
            ok += endpoint.counts.ok;
            failed += endpoint.counts.failed;
            unreachable += endpoint.counts.unreachable;
        }
    }
};

void stop(Crank& crank, Wire& connection, Stop how) {
    if (how == Stop::close) connection.close();
    if (how == Stop::reset) connection.reset();
    crank.turn();
    if (how == Stop::stall) crank.pass(3000);
}

// Interim answers come off the front; what is left is the final one.
StrictResult final_response(std::string_view seen, bool ended) {
    for (;;) {
        auto result = read_strict_response(seen, "GET", ended);
        if (result.outcome != Outcome::whole || result.message.status >= 200) return result;
        seen.remove_prefix(result.message.size);
    }
}

}  // namespace

TEST_CASE("a response that stops after any byte is whole, visibly cut, or a gateway error") {
    for (const auto& plan : kPlans) {
        for (const Stop how : {Stop::close, Stop::reset, Stop::stall}) {
            unsigned whole = 0, visible = 0, gateway = 0;
            for (std::size_t n = 0; n <= plan.response.size(); ++n) {
                CAPTURE(plan.name);
                CAPTURE(kStops[static_cast<int>(how)]);
                CAPTURE(n);
                ListeningWire endpoint;
                Crank crank(one_route({endpoint.port()}, R"("retries": {"attempts": 0})",
                                      R"("timeouts": {"response_head": "2s", "idle": "2s"})"));
                Wire client = crank.client();
                crank.send(client, plan.request);
                Wire connection = crank.accept(endpoint);
                crank.see(connection, plan.request.substr(plan.request.find("\r\n\r\n")));
                crank.send(connection, std::string_view(plan.response).substr(0, n));
                stop(crank, connection, how);
                // Settled: the exchange is over, and what it had to say has arrived.
                crank.until("the end of the exchange", [&] {
                    client.read();
                    return crank.context.active_exchanges == 0 &&
                           (client.cut || client.ended ||
                            final_response(client.seen, client.ended).outcome == Outcome::whole);
                });
                const auto seen = final_response(client.seen, client.ended && !client.cut);
                REQUIRE(seen.outcome != Outcome::bad);
                if (seen.outcome == Outcome::whole && seen.message.status < 500) {
                    ++whole;
                    REQUIRE(n == plan.response.size());
                    REQUIRE(seen.message.body == plan.body);
                } else if (seen.outcome == Outcome::whole) {
                    ++gateway;
                    REQUIRE(seen.message.status == (how == Stop::stall ? 504 : 502));
                } else {
                    ++visible;
                    REQUIRE((client.cut || client.ended));
                    REQUIRE(plan.body.starts_with(seen.message.body));
                }
                check_settled(crank);
                Ledger ledger;
                ledger.add(crank.report());
                REQUIRE(ledger.exchanges == 1);
                REQUIRE(ledger.ok + ledger.failed + ledger.unreachable == 1);
                REQUIRE(ledger.ok == (n == plan.response.size() ? 1 : 0));
            }
            CHECK(whole == 1);
            CHECK(gateway > 0);
            if (!plan.body.empty()) CHECK(visible > 0);
        }
    }
}

TEST_CASE("an endpoint that stops after reading any byte of the request is a gateway error, never silence") {
    for (const std::string& request : {kGet, kPost, kPut}) {
        for (const Stop how : {Stop::close, Stop::reset}) {
            for (std::size_t n = 0; n < 160; n += 7) {
                CAPTURE(request);
                CAPTURE(kStops[static_cast<int>(how)]);
                CAPTURE(n);
                ListeningWire endpoint;
                Crank crank(one_route({endpoint.port()}, R"("retries": {"attempts": 0})"));
                Wire client = crank.client();
                crank.send(client, request);
                Wire connection = crank.accept(endpoint);
                crank.until("some of the request", [&] {
                    connection.read(n - connection.seen.size());
                    return connection.seen.size() >= n;
                });
                stop(crank, connection, how);
                crank.until("an answer", [&] {
                    client.read();
                    return final_response(client.seen, false).outcome == Outcome::whole;
                });
                REQUIRE(final_response(client.seen, false).message.status == 502);
                REQUIRE_FALSE(endpoint.accept().is_open());
                check_settled(crank);
            }
        }
    }
}

TEST_CASE("a client that stops after any byte of its request leaves nothing behind") {
    for (const std::string& request : {kGet, kPost, kPut}) {
        for (const Stop how : {Stop::close, Stop::reset}) {
            for (std::size_t n = 0; n <= request.size(); ++n) {
                CAPTURE(request);
                CAPTURE(n);
                ListeningWire endpoint;
                Crank crank(one_route({endpoint.port()}, {}, R"("timeouts": {"idle": "2s", "response_head": "2s"})",
                                      R"("head_timeout": "2s")"));
                Wire client = crank.client();
                crank.send(client, std::string_view(request).substr(0, n));
                Wire connection = endpoint.accept();
                stop(crank, client, how);
                connection.close();
                endpoint.close();
                for (int i = 0; i < 4; ++i) crank.pass(2500);
                REQUIRE(crank.sessions() == 0);
                check_settled(crank);
            }
        }
    }
}

TEST_CASE("a random mixture of answers, cuts and departures adds up") {
    // The law: accepted exchanges = finished + cut, one record each; idle + leased connections are those that are open.
    std::uint64_t seed = 12345;
    const auto random = [&seed](std::uint64_t bound) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return (seed >> 33) % bound;
    };
    ListeningWire endpoint;
    Crank crank(one_route({endpoint.port()}, R"("retries": {"attempts": 0})",
                          R"("timeouts": {"response_head": "2s", "idle": "2s"})"));
    Ledger ledger;
    std::vector<Wire> open;  // the endpoint's ends of kept connections
    std::uint64_t asked = 0;
    for (int round = 0; round < 400; ++round) {
        Wire client = crank.client();
        const auto& plan = kPlans[random(4)];
        crank.send(client, plan.request);
        ++asked;
        Wire connection;
        crank.until("the request at an endpoint", [&] {
            for (auto& kept : open) {
                kept.read();
                if (kept.seen.find("\r\n\r\n") == kept.seen.npos) continue;
                std::swap(connection, kept);
                return true;
            }
            connection = endpoint.accept();
            return connection.is_open();
        });
        std::erase_if(open, [](const Wire& wire) { return !wire.is_open() || wire.ended || wire.cut; });
        const auto n = random(3) == 0 ? random(plan.response.size()) : plan.response.size();
        crank.until("the whole request", [&] {
            connection.read();
            return connection.seen.ends_with(plan.request.substr(plan.request.find("\r\n\r\n")));
        });
        connection.take();
        crank.send(connection, std::string_view(plan.response).substr(0, n));
        if (n < plan.response.size()) {
            if (random(3) == 0) client.reset();
            stop(crank, connection, static_cast<Stop>(random(3)));
        } else {
            open.push_back(std::move(connection));
        }
        crank.until("the end of the exchange", [&] {
            client.read();
            // A kept connection that is cut before it answers may cost a second, fresh one; it fares no better.
            endpoint.accept().close();
            return crank.context.active_exchanges == 0;
        });
        if (round % 7 == 0) ledger.add(crank.report());
    }
    ledger.add(crank.report());
    CHECK(ledger.exchanges == asked);
    check_settled(crank);
}
