// An upstream without an endpoint that takes a request has failed it, as far as a rollout is concerned.
#include <doctest/doctest.h>

#include "exchanges.h"
#include "proxy/upstream/endpoint_state.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

struct Sum {
    std::uint64_t attempts = 0, failures = 0, timed = 0;
    bool operator==(const Sum&) const = default;
};

Sum counted(const WorkerReport& report, std::uint32_t upstream) {
    Sum sum;
    for (const auto& delta : report.cells) {
        if (delta.upstream != upstream) continue;
        sum.attempts += delta.cell->attempts;
        sum.failures += delta.cell->failures;
        sum.timed += delta.cell->first_byte.total();
    }
    return sum;
}

// Two arms in turn, blue first; extras are members of both upstreams.
struct Arms {
    ListeningWire blue, green;
    Crank crank;

    explicit Arms(const std::string& extra = {}, const std::string& green_extra = {}, const std::string& route = {},
                  const std::string& split = R"({"blue": 1, "green": 1})")
        : crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {"blue": )" +
                upstream(blue.port(), extra) + R"(, "green": )" + upstream(green.port(), extra + green_extra) +
                R"(}, "routes": [{"name": "all", "split": )" + split + route + "}]}") {}

    static std::string upstream(std::uint16_t port, const std::string& extra) {
        return R"({"endpoints": [{"address": "127.0.0.1:)" + std::to_string(port) +
               R"(", "max_connections": 1}], "health": {"type": "none"})" + extra + "}";
    }
    std::uint32_t id(const std::string& name) { return crank.registry.upstream(name); }
    upstream::EndpointState& state(const std::string& name) {
        for (const auto& upstream : crank.context.in_force->snapshot->upstreams)
            if (upstream->id == id(name)) return *upstream->endpoints[0].state;
        FAIL("no such upstream");
        std::abort();
    }
};

}  // namespace

TEST_CASE("no usable endpoint: the arm that was meant has failed a first attempt, the other one has none") {
    Arms arms({}, {}, {}, R"({"green": 1})");
    arms.state("green").set(upstream::EndpointState::up, false);
    Wire client = arms.crank.client();
    for (int i = 0; i < 3; ++i) {
        arms.crank.send(client, kGet);
        CHECK(status_of(arms.crank.see(client, "}\n")) == "503");
        client.take();
    }
    const auto report = arms.crank.report();
    CHECK(counted(report, arms.id("green")) == Sum{3, 3, 3});
    CHECK(counted(report, arms.id("blue")) == Sum{0, 0, 0});
}

TEST_CASE("a sticky split notes the bucket of whoever met nobody, too") {
    Arms arms({}, {}, R"(, "reroute": false, "sticky": {"by": "header:x-user"})");
    arms.state("green").set(upstream::EndpointState::up, false);
    Wire client = arms.crank.client();
    std::uint64_t met_nobody = 0;
    for (int user = 0; user < 16; ++user) {
        arms.crank.send(client, "GET / HTTP/1.1\r\nHost: a\r\nX-User: " + std::to_string(user) + "\r\n\r\n");
        Wire connection;
        arms.crank.until("an answer or a request", [&] {
            arms.crank.turn();
            client.read();
            if (!client.seen.empty()) return true;
            connection = arms.blue.accept();
            return connection.is_open();
        });
        if (connection.is_open()) {
            arms.crank.see(connection, "\r\n\r\n");
            arms.crank.send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            arms.crank.see(client, "ok");
        } else {
            arms.crank.see(client, "}\n");
            ++met_nobody;
        }
        client.take();
    }
    REQUIRE(met_nobody > 0);
    REQUIRE(met_nobody < 16);
    const auto report = arms.crank.report();
    REQUIRE(report.failed_buckets.size() == 1);
    CHECK(report.failed_buckets[0].canary.size() == met_nobody);
    CHECK(report.failed_buckets[0].baseline.empty());
    CHECK(report.failed_buckets[0].samples.size() == 16);
}

TEST_CASE(
    "a full queue, and a wait in it that took too long, are failed first attempts; a client that leaves is none") {
    Arms arms(R"(, "queue_limit": 1, "timeouts": {"queue": "3s"})", {}, {}, R"({"green": 1})");
    auto& crank = arms.crank;
    Wire first = crank.client(), waits = crank.client(), refused = crank.client();
    crank.send(first, kGet);
    Wire connection = crank.accept(arms.green);
    crank.send(waits, kGet);
    crank.send(refused, kGet);
    CHECK(status_of(crank.see(refused, "}\n")) == "503");
    CHECK(counted(crank.report(), arms.id("green")) == Sum{1, 1, 1});
    crank.pass(3100);
    CHECK(status_of(crank.see(waits, "}\n")) == "503");
    auto report = crank.report();
    CHECK(counted(report, arms.id("green")) == Sum{1, 1, 1});
    for (const auto& delta : report.cells)
        if (delta.upstream == arms.id("green")) CHECK(delta.cell->first_byte.quantile(0.5) >= 2'900'000);
    Wire leaves = crank.client();
    crank.send(leaves, kGet);
    leaves.close();
    crank.until("the queue to notice", [&] { return crank.context.waiting == 0; });
    CHECK(counted(crank.report(), arms.id("green")) == Sum{0, 0, 0});
}

TEST_CASE("an open breaker is the arm's failure, also when its fallback serves, which gets no credit for it") {
    for (const bool fallback : {false, true}) {
        CAPTURE(fallback);
        Arms arms({},
                  R"(, "breaker": {"failure_percent": 50, "min_requests": 4, "window": "10s", "open_time": "5s")" +
                      std::string(fallback ? R"(, "fallback": "blue"})" : "}"),
                  {}, R"({"green": 1})");
        auto& crank = arms.crank;
        Wire client = crank.client();
        crank.send(client, kGet);
        Wire failing = crank.accept(arms.green);
        for (int i = 0; i < 4; ++i) {
            crank.see(failing, "\r\n\r\n");
            failing.take();
            crank.send(failing, "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno");
            crank.see(client, "no");
            client.take();
            if (i < 3) crank.send(client, kGet);
        }
        CHECK(counted(crank.report(), arms.id("green")) == Sum{4, 4, 4});
        crank.send(client, kGet);
        if (fallback) {
            Wire other = crank.accept(arms.blue);
            crank.see(other, "\r\n\r\n");
            crank.send(other, kOk);
            CHECK(status_of(crank.see(client, "ok")) == "200");
        } else {
            CHECK(status_of(crank.see(client, "}\n")) == "503");
        }
        const auto report = crank.report();
        CHECK(counted(report, arms.id("green")) == Sum{1, 1, 1});
        CHECK(counted(report, arms.id("blue")) == Sum{0, 0, 0});
    }
}

TEST_CASE("an attempt that failed before is what counts, once, when nobody is left for the second") {
    Arms arms({}, {}, {}, R"({"green": 1})");
    auto& crank = arms.crank;
    Wire client = crank.client();
    crank.send(client, kGet);
    Wire connection = crank.accept(arms.green);
    crank.see(connection, "\r\n\r\n");
    connection.close();
    CHECK(status_of(crank.see(client, "}\n")) == "502");
    CHECK(counted(crank.report(), arms.id("green")) == Sum{1, 1, 1});
}

TEST_CASE("when_all_down try_all: who has nobody up is asked all the same, and another upstream comes first") {
    Arms alone(R"(, "when_all_down": "try_all")", {}, {}, R"({"green": 1})");
    alone.state("green").set(upstream::EndpointState::up, false);
    Wire client = alone.crank.client();
    alone.crank.send(client, kGet);
    Wire connection = alone.crank.accept(alone.green);
    alone.crank.see(connection, "\r\n\r\n");
    alone.crank.send(connection, kOk);
    CHECK(status_of(alone.crank.see(client, "ok")) == "200");
    CHECK(counted(alone.crank.report(), alone.id("green")) == Sum{1, 0, 1});

    Arms both(R"(, "when_all_down": "try_all")", {}, {}, R"({"blue": 0, "green": 1})");
    both.state("green").set(upstream::EndpointState::up, false);
    both.state("blue").set(upstream::EndpointState::up, false);
    Wire other = both.crank.client();
    both.crank.send(other, kGet);
    Wire there = both.crank.accept(both.green);  // an arm without weight stands in for none
    both.crank.see(there, "\r\n\r\n");
    both.crank.send(there, kOk);
    CHECK(status_of(both.crank.see(other, "ok")) == "200");

    Arms halves(R"(, "when_all_down": "try_all")");
    halves.state("green").set(upstream::EndpointState::up, false);
    Wire third = halves.crank.client(), kept;
    for (int i = 0; i < 4; ++i) {
        halves.crank.send(third, kGet);
        if (!kept.is_open()) kept = halves.crank.accept(halves.blue);
        halves.crank.see(kept, "\r\n\r\n");
        kept.take();
        halves.crank.send(kept, kOk);
        CHECK(status_of(halves.crank.see(third, "ok")) == "200");
        third.take();
    }
    CHECK_FALSE(halves.green.accept().is_open());
}
