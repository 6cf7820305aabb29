// The engine against an endpoint with known answers: what it reports must be what the endpoint did.
#include "bench/yardbench/engine/engine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "bench/yardbench/engine/plain_workload.h"
#include "tests/unit/bench/running_endpoint.h"

using namespace yardbench;

namespace {

Tally run(const Plan& plan, const std::string& request = kGet) {
    Engine engine(plan, [&](unsigned) { return std::make_unique<PlainWorkload>(request); });
    engine.start();
    return engine.join();
}

}  // namespace

TEST_CASE("the counts equal the endpoint's own, to the request") {
    struct Row {
        const char* what;
        unsigned threads;
        double rate;
        bool close_each;
        std::size_t body;
        std::uint64_t requests;
    };
    for (const Row& row :
         {Row{"closed loop", 1, 0, false, 128, 0}, Row{"two threads", 2, 0, false, 128, 0},
          Row{"open loop", 1, 2000, false, 128, 0}, Row{"a new connection each", 1, 500, true, 128, 0},
          Row{"a large body", 2, 0, false, 1 << 20, 0}, Row{"so many and no more", 2, 0, false, 0, 777},
          Row{"so many at a rate", 2, 5000, false, 0, 501}}) {
        CAPTURE(row.what);
        KnownEndpoint::Settings settings;
        settings.body = row.body;
        RunningEndpoint endpoint(settings);
        Plan plan = plan_for(endpoint->port());
        plan.threads = row.threads;
        plan.timetable = {row.rate, row.rate, 0};
        plan.close_each = row.close_each;
        plan.requests = row.requests;
        plan.warm_up = row.requests > 0 ? 0 : 50 * kMillisecond;
        const Tally tally = run(plan);
        CHECK(tally.failed() == 0);
        CHECK(tally.all.sent == tally.all.answered);
        CHECK(tally.all.sent == endpoint->requests());
        CHECK(tally.finished > 0);
        if (row.requests > 0) CHECK(tally.finished == row.requests);
        if (row.close_each) CHECK(endpoint->connections() == endpoint->requests());
    }
}

TEST_CASE("over HTTP/2 the counts equal the endpoint's own as well, and streams share their connections") {
    struct Row {
        const char* what;
        unsigned threads, connections, streams;
        double rate;
        std::size_t body;
        std::uint64_t requests;
        std::string request = kGet;
    };
    const std::string post = "POST / HTTP/1.1\r\nHost: known\r\nX-Any: 1\r\nContent-Length: 5\r\n\r\nhello";
    for (const Row& row : {Row{"one stream each", 1, 8, 1, 0, 128, 0}, Row{"many streams", 1, 2, 50, 0, 128, 0},
                           Row{"two threads", 2, 4, 10, 0, 128, 0}, Row{"open loop", 1, 2, 10, 2000, 128, 0},
                           Row{"large bodies", 1, 2, 4, 0, 1 << 20, 0}, Row{"so many and no more", 2, 4, 5, 0, 0, 777},
                           Row{"with a body", 1, 2, 10, 0, 0, 500, post}}) {
        CAPTURE(row.what);
        KnownEndpoint::Settings settings;
        settings.body = row.body;
        settings.http2 = true;
        RunningEndpoint endpoint(settings);
        Plan plan = plan_for(endpoint->port());
        plan.threads = row.threads;
        plan.connections = row.connections;
        plan.streams = row.streams;
        plan.timetable = {row.rate, row.rate, 0};
        plan.requests = row.requests;
        plan.warm_up = row.requests > 0 ? 0 : 50 * kMillisecond;
        const Tally tally = run(plan, row.request);
        CHECK(tally.failed() == 0);
        CHECK(tally.all.sent == tally.all.answered);
        CHECK(tally.all.sent == endpoint->requests());
        CHECK(endpoint->connections() == row.connections);
        CHECK(tally.finished > 0);
        CHECK(tally.bytes_in >= tally.all.answered * row.body);
        if (row.requests > 0) CHECK(tally.finished == row.requests);
    }
}

TEST_CASE("a call of gRPC is what its trailers say, whatever its head said") {
    for (const int status : {0, 13}) {
        CAPTURE(status);
        KnownEndpoint::Settings settings;
        settings.http2 = true;
        settings.grpc_status = status;
        settings.messages = 3;
        RunningEndpoint endpoint(settings);
        Plan plan = plan_for(endpoint->port());
        plan.streams = 4;
        plan.requests = 200;
        Engine engine(plan, [&](unsigned) { return std::make_unique<PlainWorkload>(kGet, false, true); });
        engine.start();
        const Tally tally = engine.join();
        CHECK(tally.finished == 200);
        CHECK(tally.all.answered == 200);
        CHECK(endpoint->requests() == 200);
        CHECK(tally.failures[static_cast<std::size_t>(Failure::status)] == (status == 0 ? 0 : 200));
        CHECK(tally.by_class[2] == 200);
    }
}

TEST_CASE("over HTTP/2 what fails is counted by kind, and the rest of the connection goes on") {
    KnownEndpoint::Settings late;
    late.http2 = true;
    late.delay = 20 * kSecond;
    RunningEndpoint slow(late);
    Plan plan = plan_for(slow->port());
    plan.connections = 2;
    plan.streams = 5;
    plan.requests = 20;
    plan.timeout = 100 * kMillisecond;
    Tally tally = run(plan);
    CHECK(tally.failures[static_cast<std::size_t>(Failure::timeout)] == 20);
    CHECK(slow->connections() == 2);

    RunningEndpoint other({});  // it speaks HTTP/1.1
    plan = plan_for(other->port());
    plan.connections = 1;
    plan.streams = 2;
    plan.requests = 2;
    plan.timeout = 5 * kSecond;
    tally = run(plan);
    CHECK(tally.failed() == 2);
    CHECK(tally.failures[static_cast<std::size_t>(Failure::timeout)] == 0);

    std::uint16_t gone = 0;
    {
        RunningEndpoint ended({});
        gone = ended->port();
    }
    plan = plan_for(gone);
    plan.streams = 2;
    plan.requests = 4;
    tally = run(plan);
    CHECK(tally.failures[static_cast<std::size_t>(Failure::refused)] == 4);
}

TEST_CASE("a fixed delay is what the latencies say") {
    KnownEndpoint::Settings settings;
    settings.delay = 10 * kMillisecond;
    RunningEndpoint endpoint(settings);
    Plan plan = plan_for(endpoint->port());
    plan.timetable = {200, 200, 0};
    const Tally tally = run(plan);
    CHECK(tally.failed() == 0);
    CHECK(tally.finished > 0);
    // From the send on, every answer took the delay at least. `latency` also holds what never found a free connection
    // and was given up when the run ended: on a busy machine that may have waited less than one answer takes.
    CHECK(tally.service.min() >= 10 * kMillisecond);
    if (tally.unsent == 0) CHECK(tally.latency.min() >= 10 * kMillisecond);
    MESSAGE("median of a 10 ms endpoint: " << tally.latency.quantile(0.5) / kMicrosecond << " us");
}

TEST_CASE("a stall shows in the percentiles as it truly was, at a rate; a closed loop would hide it") {
    KnownEndpoint::Settings settings;
    settings.stall_every = 500 * kMillisecond;
    settings.stall_for = 400 * kMillisecond;
    RunningEndpoint endpoint(settings);
    Plan plan = plan_for(endpoint->port());
    plan.timetable = {500, 500, 0};
    plan.duration = 3600 * kSecond;
    plan.connections = 4;
    Engine engine(plan, [](unsigned) { return std::make_unique<PlainWorkload>(kGet); });
    engine.start();
    const Nanos deadline = now() + 60 * kSecond;
    while (endpoint->first_stall().ended == 0 && now() < deadline) std::this_thread::yield();
    const KnownEndpoint::Stall stall = endpoint->first_stall();
    engine.stop();
    const Tally tally = engine.join();
    CHECK(tally.failed() == 0);
    REQUIRE(stall.ended - stall.began >= settings.stall_for);
    // What was meant to be sent while everything stood still can only have been answered after it.
    std::uint64_t waited = 0;
    Nanos longest = 0;
    for (Nanos due = engine.started_at(); due < stall.ended; due += kSecond / 500) {
        if (due < stall.began) continue;
        longest = std::max(longest, stall.ended - due);
        waited += stall.ended - due >= 102 * kMillisecond;
    }
    CHECK(waited >= 149);
    CHECK(tally.latency.above(100 * kMillisecond) >= waited);  // its buckets are one percent wide
    CHECK(tally.latency.max() >= longest - kMicrosecond);
    // Counted from the actual send, only the four connections' own requests saw it: that is what would be hidden.
    CHECK(tally.service.above(100 * kMillisecond) <= tally.latency.above(100 * kMillisecond));
    MESSAGE("waited above 100 ms: " << tally.latency.above(100 * kMillisecond) << " by the timetable, "
                                    << tally.service.above(100 * kMillisecond) << " by the send");
}

TEST_CASE("what fails is counted by kind") {
    SUBCASE("nobody listens") {
        std::uint16_t port = 0;
        {
            RunningEndpoint gone({});
            port = gone->port();
        }
        Plan plan = plan_for(port);
        plan.duration = 50 * kMillisecond;
        const Tally tally = run(plan);
        CHECK(tally.failures[static_cast<std::size_t>(Failure::refused)] == tally.finished);
        CHECK(tally.finished > 0);
        CHECK(tally.all.sent == 0);
    }
    SUBCASE("a status of 500") {
        KnownEndpoint::Settings settings;
        settings.status = 500;
        RunningEndpoint endpoint(settings);
        const Tally tally = run(plan_for(endpoint->port()));
        CHECK(tally.failures[static_cast<std::size_t>(Failure::status)] == tally.finished);
        CHECK(tally.by_class[5] == tally.finished);
    }
    SUBCASE("no answer in time") {
        KnownEndpoint::Settings settings;
        settings.delay = kSecond;
        RunningEndpoint endpoint(settings);
        Plan plan = plan_for(endpoint->port());
        plan.timeout = 100 * kMillisecond;
        const Tally tally = run(plan);
        // Where the machine gives the load no time, the limit may pass before its connection is seen to stand.
        CHECK(tally.failures[static_cast<std::size_t>(Failure::timeout)] +
                  tally.failures[static_cast<std::size_t>(Failure::connect_timeout)] ==
              tally.finished);
        CHECK(tally.finished >= 8);
    }
}

TEST_CASE("stop ends a run early and keeps what it has") {
    RunningEndpoint endpoint({});
    Plan plan = plan_for(endpoint->port());
    plan.duration = 3600 * kSecond;
    Engine engine(plan, [&](unsigned) { return std::make_unique<PlainWorkload>(kGet); });
    engine.start();
    const Nanos deadline = now() + 20 * kSecond;
    while (engine.progress().finished == 0 && now() < deadline) std::this_thread::yield();
    engine.stop();
    const Tally tally = engine.join();
    CHECK(tally.finished > 0);
    CHECK(tally.seconds() < 3600);
    CHECK(tally.all.sent == tally.all.answered);
    CHECK(tally.all.sent == endpoint->requests());
}
