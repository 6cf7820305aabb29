// Endpoints of HTTP/2 that break off, refuse, or take nothing: what of them is heard, and what the client is told.
#include <doctest/doctest.h>

#include "proxy/http/grpc.h"
#include "shared_stage.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::ErrorCode;
using http2::FrameType;

namespace {

Pairs call_head(Pairs more = {}) {
    more.insert(more.begin(), {{"content-type", "application/grpc"}, {"te", "trailers"}});
    return h2_request("POST", "/shop.Cart/Add", more);
}

}  // namespace

TEST_CASE("what an endpoint has said before its connection broke is heard, though a write fails first") {
    SharedStage stage;
    SUBCASE("an answer to the one that was being sent") {
        Wire client = stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
        auto endpoint = stage.endpoint();
        asked(*endpoint, 1);
        endpoint->until("its body", [&] { return endpoint->now(1).body == "ab"; });
        // The proxy looks when all of this is there, at the client first.
        client.write("cd");
        endpoint->wire.write(h2_frame(FrameType::headers, http2::kEndHeaders, 1,
                                      h2_block({{":status", "413"}, {"content-length", "6"}})) +
                             h2_frame(FrameType::data, http2::kEndStream, 1, "enough"));
        endpoint->wire.reset();
        CHECK(status_of(stage.crank->see(client, "enough")) == "413");
    }
    SUBCASE("that it has not looked at another one, which is asked anew whatever its method") {
        Wire large = stage.ask("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
        auto endpoint = stage.endpoint();
        asked(*endpoint, 1);
        Wire small = stage.ask(post());
        asked(*endpoint, 3);
        endpoint->until("its body", [&] { return endpoint->now(3).ended; });
        large.write(std::string(60'000, 'x'));
        endpoint->wire.write(h2_frame(FrameType::goaway, 0, 0, h2_number(1) + h2_number(0)));
        endpoint->wire.reset();
        auto other = stage.endpoint();
        CHECK(asked(*other, 1).get(":method") == "POST");
        CHECK(other->now(1).get(":path") == "/");
        answer_ok(*other, 1);
        CHECK(status_of(stage.crank->see(small, "ok")) == "200");
        CHECK(status_of(stage.crank->see(large, "}\n")) == "502");
    }
    CHECK(stage.in_flight() == 0);
    CHECK(stage.crank->report().escaped == 0);
}

TEST_CASE("of a call that its endpoint resets the client is told by the reset's code, and it counts by that") {
    const struct {
        ErrorCode code;
        const char* status;
        bool failed;
    } rows[] = {
        {ErrorCode::cancel, "1", true},  // one that it cancels again and again is no good one
        {ErrorCode::enhance_your_calm, "8", false},
        {ErrorCode::inadequate_security, "7", false},
        {ErrorCode::internal_error, "13", true},
        {ErrorCode::protocol_error, "13", true},
        {static_cast<ErrorCode>(77), "13", true},
    };
    for (const auto& row : rows)
        for (const bool begun : {false, true}) {
            CAPTURE(static_cast<std::uint32_t>(row.code));
            CAPTURE(begun);
            SharedStage stage;
            auto client = stage.client2();
            client->headers(1, call_head(), true);
            auto endpoint = stage.endpoint();
            asked(*endpoint, 1);
            if (begun) {
                endpoint->headers(1, {{":status", "200"}, {"content-type", "application/grpc"}}, false);
                endpoint->data(1, "message");
                client->until("a message", [&] { return !client->now(1).body.empty(); });
            }
            endpoint->reset(1, row.code);
            const auto& answer = client->answer(1);
            CHECK(answer.status() == "200");
            CHECK(answer.get("grpc-status", begun ? 1 : 0) == row.status);
            CHECK(answer.reset == -1);
            std::uint64_t failures = 0, failed = 0;
            const auto report = stage.crank->report();
            for (const auto& cell : report.cells) {
                failures += cell.cell->failures;
                CHECK(cell.cell->grpc[static_cast<std::size_t>(std::stoi(row.status))] == 1);
            }
            for (const auto& one : report.endpoints) failed += one.counts.failed + one.counts.unreachable;
            CHECK(failures == (row.failed ? 1 : 0));
            CHECK(failed == (row.failed ? 1 : 0));
        }
    // Refused again and again: the endpoint has not looked at it.
    SharedStage stage;
    auto client = stage.client2();
    client->headers(1, call_head(), true);
    auto endpoint = stage.endpoint();
    for (std::uint32_t lane = 1; lane < 40 && !client->now(1).ended; lane += 2) {
        endpoint->until("a request, or its end",
                        [&] { return client->now(1).ended || !endpoint->now(lane).heads.empty(); });
        if (!client->now(1).ended) endpoint->reset(lane, ErrorCode::refused_stream);
    }
    CHECK(client->answer(1).get("grpc-status") == "14");
}

TEST_CASE("a call that its endpoint cancels when the client's time is up has timed out, and that blames no endpoint") {
    for (const bool begun : {false, true})
        for (const bool late : {false, true}) {
            CAPTURE(begun);
            CAPTURE(late);
            SharedStage stage({}, R"("ejection": {"consecutive_failures": 1})");
            auto client = stage.client2();
            client->headers(1, call_head({{"grpc-timeout", "1S"}}), true);
            auto endpoint = stage.endpoint();
            asked(*endpoint, 1);
            if (begun) {
                endpoint->headers(1, {{":status", "200"}, {"content-type", "application/grpc"}}, false);
                endpoint->data(1, "message");
                client->until("a message", [&] { return !client->now(1).body.empty(); });
            }
            stage.crank->pass(late ? 1'000 : 900);  // the proxy's own clock for it would speak after 1,100
            endpoint->reset(1, ErrorCode::cancel);
            CHECK(client->answer(1).get("grpc-status", begun ? 1 : 0) == (late ? "4" : "1"));
            CHECK(stage.crank->suspects.size() == (late ? 0U : 1U));
        }
}

TEST_CASE("an endpoint that takes no requests for now is waited for on the connection that it has") {
    SharedStage stage({}, R"("timeouts": {"connect": "5s"})");
    Wire client = stage.ask();
    auto endpoint = stage.endpoint(0, max_streams(0));
    // What it was asked before the proxy knew is not looked at.
    asked(*endpoint, 1);
    endpoint->reset(1, ErrorCode::refused_stream);
    endpoint->turn();
    CHECK(endpoint->count(FrameType::headers) == 1);
    CHECK_FALSE(stage.connects());
    SUBCASE("until it does") {
        stage.crank->pass(3'000);
        endpoint->send(h2_frame(FrameType::settings, 0, 0, max_streams(1)));
        asked(*endpoint, 3);
        answer_ok(*endpoint, 3);
        stage.crank->see(client, "ok");
    }
    SUBCASE("no longer than connecting may take, and that is said") {
        stage.crank->pass(5'200);
        CHECK(status_of(stage.crank->see(client, "}\n")) == "504");
        const auto report = stage.crank->report();
        REQUIRE(report.endpoints.size() == 1);
        CHECK(report.endpoints[0].refused == "it takes no requests (SETTINGS_MAX_CONCURRENT_STREAMS is 0)");
    }
    CHECK(endpoint->count(FrameType::ping) == 0);  // servers of gRPC punish those who ask
    CHECK_FALSE(stage.connects());
    CHECK(stage.crank->report().escaped == 0);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("a connection that takes nothing for now keeps no other from being made beside those that are full") {
    SharedStage stage;
    Wire first = stage.ask();
    auto full = stage.endpoint(0, max_streams(1));
    asked(*full, 1);
    Wire second = stage.ask();
    auto paused = stage.endpoint(0, max_streams(0));
    asked(*paused, 1);
    paused->reset(1, ErrorCode::refused_stream);
    SUBCASE("that takes it") {
        auto third = stage.endpoint(0, max_streams(1));
        asked(*third, 1);
        answer_ok(*third, 1);
        stage.crank->see(second, "ok");
    }
    SUBCASE("but not without end") {
        auto third = stage.endpoint(0, max_streams(0));
        asked(*third, 1);
        third->reset(1, ErrorCode::refused_stream);
        third->turn();
        CHECK_FALSE(stage.connects());
        answer_ok(*full, 1);
        stage.crank->see(first, "ok");
        asked(*full, 3);
        answer_ok(*full, 3);
        stage.crank->see(second, "ok");
    }
    CHECK(stage.crank->report().escaped == 0);
}

TEST_CASE("an endpoint that takes no more requests than run keeps its connection, and gets no second one") {
    SharedStage stage;
    Wire first = stage.ask();
    auto endpoint = stage.endpoint();
    asked(*endpoint, 1);
    endpoint->send(h2_frame(FrameType::settings, 0, 0, max_streams(0)));
    endpoint->turn();
    Wire second = stage.ask();
    CHECK_FALSE(stage.connects());
    answer_ok(*endpoint, 1);
    stage.crank->see(first, "ok");
    CHECK_FALSE(stage.connects());
    CHECK(endpoint->goaway == -1);
    endpoint->send(h2_frame(FrameType::settings, 0, 0, max_streams(2)));
    asked(*endpoint, 3);
    answer_ok(*endpoint, 3);
    stage.crank->see(second, "ok");
}
