#include "bench/yardbench/faults/gate.h"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "bench/yardbench/engine/engine.h"
#include "bench/yardbench/engine/plain_workload.h"
#include "bench/yardbench/faults/schedule.h"
#include "tests/unit/bench/running_endpoint.h"

using namespace yardbench;
using Kind = Gate::Mode::Kind;

namespace {

Tally drive(std::uint16_t port, Nanos timeout = 10 * kSecond) {
    Plan plan = plan_for(port);
    plan.timetable = {100, 100, 0};
    plan.timeout = timeout;
    Engine engine(plan, [&](unsigned) { return std::make_unique<PlainWorkload>(kGet); });
    engine.start();
    return engine.join();
}

std::uint64_t of_kind(const Tally& tally, Failure kind) {
    return tally.failures[static_cast<std::size_t>(kind)];
}

}  // namespace

TEST_CASE("each mode of the gate shows to the client as what it stands for") {
    RunningEndpoint endpoint({});
    Gate gate(0, "127.0.0.1:" + std::to_string(endpoint->port()));
    SUBCASE("pass: nothing is lost") {
        const Tally tally = drive(gate.port());
        CHECK(tally.failed() == 0);
        CHECK(tally.finished + tally.unsent == 30);  // unsent: a busy machine had no connection free for it
        CHECK(endpoint->requests() == tally.finished);
    }
    SUBCASE("delay: once each way") {
        gate.set({Kind::delay, 20 * kMillisecond, 0});
        const Tally tally = drive(gate.port());
        CHECK(tally.failed() == 0);
        CHECK(tally.service.min() >= 40 * kMillisecond);
    }
    SUBCASE("swallow: no answer, and the connection is cut when the gate passes again") {
        gate.set({Kind::swallow, 0, 0});
        const Tally tally = drive(gate.port(), 100 * kMillisecond);
        CHECK(of_kind(tally, Failure::timeout) + of_kind(tally, Failure::connect_timeout) == tally.finished);
        CHECK(endpoint->requests() == 0);
        gate.set({});
        CHECK(drive(gate.port()).failed() == 0);
    }
    SUBCASE("refuse: reset") {
        gate.set({Kind::refuse, 0, 0});
        const Tally tally = drive(gate.port());
        CHECK(tally.finished > 0);
        CHECK(tally.failed() == tally.finished);
        CHECK(of_kind(tally, Failure::timeout) == 0);
    }
    SUBCASE("trickle: all of it arrives, slowly") {
        gate.set({Kind::trickle, 0, 5000});
        const Tally tally = drive(gate.port());
        CHECK(tally.failed() == 0);
        // A response of about 200 bytes at 50 bytes every 10 ms.
        CHECK(tally.service.min() >= 30 * kMillisecond);
    }
}

TEST_CASE("what was frozen goes on when the gate passes again, and nothing is lost") {
    RunningEndpoint endpoint({});
    Gate gate(0, "127.0.0.1:" + std::to_string(endpoint->port()));
    Plan plan = plan_for(gate.port());
    plan.timetable = {200, 200, 0};
    plan.connections = 64;
    plan.duration = 3600 * kSecond;
    Engine engine(plan, [&](unsigned) { return std::make_unique<PlainWorkload>(kGet); });
    engine.start();
    const Nanos deadline = now() + 60 * kSecond;
    while (endpoint->requests() == 0 && now() < deadline) std::this_thread::yield();
    gate.set({Kind::freeze, 0, 0});
    const Nanos frozen = now();
    std::this_thread::sleep_for(std::chrono::nanoseconds(200 * kMillisecond));  // the length of the fault
    const Nanos thawed = now();
    gate.set({});
    engine.stop();
    const Tally tally = engine.join();
    CHECK(tally.failed() == 0);
    CHECK(endpoint->requests() == tally.all.sent);
    std::uint64_t due = 0;
    for (Nanos t = engine.started_at(); t < tally.measured_until; t += kSecond / 200) ++due;
    CHECK(tally.finished + tally.unsent == due);
    // Requests were due every 5 ms, so one at most 5 ms after the freeze had to wait for the thaw.
    CHECK(tally.latency.max() >= thawed - frozen - 5 * kMillisecond);
}

TEST_CASE("cut resets what is there and harms nothing that comes after") {
    RunningEndpoint endpoint({});
    Gate gate(0, "127.0.0.1:" + std::to_string(endpoint->port()));
    CHECK(drive(gate.port()).failed() == 0);
    gate.cut();
    CHECK(drive(gate.port()).failed() == 0);
}

TEST_CASE("a schedule is put in order, and nonsense is refused by its line") {
    const auto faults = parse_faults({"4s app pass", "2s app delay 200ms", "3s pid 4711 freeze", "1s app cut"});
    REQUIRE(faults.size() == 4);
    CHECK(faults[0].cut);
    CHECK(faults[1].mode.kind == Kind::delay);
    CHECK(faults[1].mode.delay == 200 * kMillisecond);
    CHECK(faults[2].pid == 4711);
    CHECK(faults[3].at == 4 * kSecond);
    for (const char* line : {"", "2s", "2s app", "2s app explode", "2s app delay", "2s pid 0 kill", "2s pid 5 hug",
                             "x app pass", "2s app trickle 0"}) {
        CAPTURE(line);
        CHECK_THROWS_AS(parse_faults({line}), std::invalid_argument);
    }
}

TEST_CASE("a fault for a gate that is not there says so") {
    CHECK(apply(parse_faults({"1s other cut"})[0], {}).find("no gate 'other'") != std::string::npos);
}
