// Calls of gRPC: their status, which comes last, is what counts. The endpoint speaks HTTP/1 here, trailers and all.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <numeric>

#include "exchanges.h"
#include "proxy/http2/connection.h"
#include "proxy/serve/verdict.h"
#include "tests/support/http2_client.h"

using namespace switchyard;
using namespace switchyard::test;
using http::GrpcStatus;

namespace {

Pairs call(Pairs more = {}) {
    more.insert(more.begin(), {{"content-type", "application/grpc"}, {"te", "trailers"}});
    return h2_request("POST", "/shop.Cart/Add", more);
}

const std::string kMessage("\0\0\0\0\2hi", 7);

// An answer whose head is fine, with these trailers ("name: value" CRLF each).
std::string answered(const std::string& trailers) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n" + kMessage +
           "\r\n0\r\n" + trailers + "\r\n";
}

// Nothing but a status.
std::string refused(int status, const std::string& more = {}) {
    return fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nGrpc-Status: {}\r\n{}Content-Length: 0\r\n\r\n", status,
        more);
}

struct CallStage : Stage {
    explicit CallStage(const std::string& route = {}, const std::string& upstream = {}, std::size_t count = 1)
        : Stage(count, route, upstream, R"("protocols": ["h2"])"), client(*crank, Stage::client()) {
        client.turn();
    }
    // A call, as its endpoint sees it.
    std::string ask(std::uint32_t stream, const Pairs& fields = call()) {
        // Here as a whole when it begins, as calls with one message are.
        client.send(h2_frame(http2::FrameType::headers, http2::kEndHeaders, stream, h2_block(fields)) +
                    h2_frame(http2::FrameType::data, http2::kEndStream, stream, kMessage));
        return seen();
    }
    // On a connection that was kept, or on a new one: calls are POSTs, and those are not given to every kept one.
    std::string seen() {
        crank->until("a call", [&] {
            for (const auto& endpoint : endpoints)
                if (Wire fresh = endpoint->accept(); fresh.is_open()) connection = std::move(fresh);
            if (!connection.is_open()) return false;
            connection.read();
            return connection.seen.find(kMessage) != std::string::npos;
        });
        std::string request = connection.seen;
        connection.take();
        return request;
    }
    const Http2Client::Answer& said(std::uint32_t stream, const std::string& answer) {
        crank->send(connection, answer);
        return client.answer(stream);
    }
    const Http2Client::Answer& exchange(std::uint32_t stream, const std::string& answer) {
        ask(stream);
        return said(stream, answer);
    }

    Http2Client client;
    Wire connection;
};

struct Counted {
    std::uint64_t attempts = 0, failures = 0, ok = 0, failed = 0, unreachable = 0;
    AnswerCounts answers{};
    std::array<std::uint64_t, http::kGrpcStatuses> statuses{};
};

Counted counted(Stage& stage) {
    Counted out;
    const auto report = stage.crank->report();
    for (const auto& cell : report.cells) {
        out.attempts += cell.cell->attempts;
        out.failures += cell.cell->failures;
        for (std::size_t i = 0; i < kAnswerKinds; ++i) out.answers[i] += cell.cell->answers[i];
        for (std::size_t i = 0; i < out.statuses.size(); ++i) out.statuses[i] += cell.cell->grpc[i];
    }
    for (const auto& endpoint : report.endpoints) {
        out.ok += endpoint.counts.ok;
        out.failed += endpoint.counts.failed;
        out.unreachable += endpoint.counts.unreachable;
    }
    return out;
}

}  // namespace

TEST_CASE("what a status says about its endpoint, and to whom") {
    constexpr std::uint32_t kFailures = 1U << 2 | 1U << 4 | 1U << 13 | 1U << 14 | 1U << 15;
    struct Row {
        GrpcStatus status;
        bool failed;
        AnswerKind kind;
    };
    const Row rows[] = {
        {GrpcStatus::ok, false, AnswerKind::ordinary},
        {GrpcStatus::cancelled, false, AnswerKind::ordinary},
        {GrpcStatus::unknown, true, AnswerKind::ordinary},
        {GrpcStatus::invalid_argument, false, AnswerKind::other_4xx},
        {GrpcStatus::deadline_exceeded, true, AnswerKind::ordinary},
        {GrpcStatus::not_found, false, AnswerKind::not_found},
        {GrpcStatus::already_exists, false, AnswerKind::other_4xx},
        {GrpcStatus::permission_denied, false, AnswerKind::unauthorized},
        {GrpcStatus::resource_exhausted, false, AnswerKind::limited},
        {GrpcStatus::failed_precondition, false, AnswerKind::other_4xx},
        {GrpcStatus::aborted, false, AnswerKind::other_4xx},
        {GrpcStatus::out_of_range, false, AnswerKind::other_4xx},
        {GrpcStatus::unimplemented, false, AnswerKind::not_found},
        {GrpcStatus::internal, true, AnswerKind::ordinary},
        {GrpcStatus::unavailable, true, AnswerKind::ordinary},
        {GrpcStatus::data_loss, true, AnswerKind::ordinary},
        {GrpcStatus::unauthenticated, false, AnswerKind::unauthorized},
    };
    CHECK(std::size(rows) == http::kGrpcStatuses);
    for (const Row& row : rows) {
        CAPTURE(static_cast<int>(row.status));
        CHECK(serve::verdict_of(row.status, kFailures).failed == row.failed);
        CHECK(serve::answer_of_call(row.status) == row.kind);
        CHECK_FALSE(serve::verdict_of(row.status, 0).failed);
    }
}

TEST_CASE("a call passes whole, with trailers that no route had to allow, and counts by its status") {
    CallStage stage;
    const std::string request = stage.ask(1, call({{"x-canary", "1"}, {"key-bin", "AAE="}}));
    CHECK(values(request, "content-type") == "application/grpc");
    CHECK(values(request, "key-bin") == "AAE=");
    const auto& answer =
        stage.said(1, answered("grpc-status: 0\r\ngrpc-message: fine\r\nx-more: yes\r\nContent-Length: 5\r\n"));
    CHECK(answer.status() == "200");
    CHECK(answer.body == kMessage);
    REQUIRE(answer.heads.size() == 2);
    CHECK(answer.get("grpc-status", 1) == "0");
    CHECK(answer.get("grpc-message", 1) == "fine");
    CHECK(answer.get("x-more", 1) == "yes");
    CHECK(answer.get("content-length", 1) == "-");
    const Counted all = counted(stage);
    CHECK(all.statuses[0] == 1);
    CHECK(all.attempts == 1);
    CHECK(all.failures == 0);
    CHECK(all.ok == 1);
    CHECK(std::accumulate(all.answers.begin(), all.answers.end(), std::uint64_t{0}) == 0);
}

TEST_CASE("a call that fails in its trailers has failed, whatever its head said") {
    struct Row {
        const char* trailers;
        unsigned status;
        bool failed;
    };
    const Row rows[] = {{"grpc-status: 13\r\n", 13, true},
                        {"grpc-status: 14\r\ngrpc-message: down\r\n", 14, true},
                        {"grpc-status: 5\r\n", 5, false},
                        {"grpc-status: 12\r\n", 12, false},
                        {"", 2, true},
                        {"grpc-status: none\r\n", 2, true},
                        {"grpc-status: 0\r\ngrpc-status: 0\r\n", 2, true}};
    CallStage stage;
    std::uint32_t stream = 1;
    for (const Row& row : rows) {
        CAPTURE(row.trailers);
        CHECK(stage.exchange(stream, answered(row.trailers)).status() == "200");
        const Counted all = counted(stage);
        CHECK(all.attempts == 1);
        CHECK(all.failures == (row.failed ? 1 : 0));
        CHECK(all.failed == (row.failed ? 1 : 0));
        CHECK(all.ok == (row.failed ? 0 : 1));
        CHECK(all.statuses[row.status] == 1);
        stream += 2;
    }
}

TEST_CASE("the same in a head alone; and an answer that is no gRPC counts by its HTTP status") {
    struct Row {
        std::string answer;
        unsigned status;
        bool failed;
    };
    const Row rows[] = {{refused(13), 13, true},
                        {refused(0), 0, false},
                        {refused(16), 16, false},
                        {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 14, true},
                        {"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n", 12, false},
                        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 2, true}};
    CallStage stage;
    std::uint32_t stream = 1;
    for (const Row& row : rows) {
        CAPTURE(row.answer);
        stage.exchange(stream, row.answer);
        const Counted all = counted(stage);
        CHECK(all.failures == (row.failed ? 1 : 0));
        CHECK(all.failed == (row.failed ? 1 : 0));
        CHECK(all.statuses[row.status] == 1);
        stream += 2;
    }
}

TEST_CASE("which statuses are failures is the route's to say") {
    CallStage stage(R"("grpc": {"failures": ["RESOURCE_EXHAUSTED"]})");
    stage.exchange(1, answered("grpc-status: 13\r\n"));
    CHECK(counted(stage).failures == 0);
    stage.exchange(3, answered("grpc-status: 8\r\n"));
    const Counted all = counted(stage);
    CHECK(all.failures == 1);
    CHECK(all.answers[static_cast<std::size_t>(AnswerKind::limited)] == 0);
}

TEST_CASE("calls that fail in their trailers rest an upstream, and get an endpoint suspected") {
    CallStage stage({}, R"("breaker": {"failure_percent": 50, "min_requests": 4, "window": "10s", "open_time": "5s"},
        "ejection": {"consecutive_failures": 3})");
    for (std::uint32_t i = 0; i < 4; ++i) stage.exchange(1 + 2 * i, answered("grpc-status: 14\r\n"));
    REQUIRE(stage.crank->suspects.size() == 1);
    CHECK(stage.crank->suspects[0].consecutive == 3);
    stage.client.headers(9, call(), true);
    const auto& resting = stage.client.answer(9);
    CHECK(resting.status() == "200");
    CHECK(resting.get("grpc-status") == "14");
    CHECK(resting.heads.size() == 1);
    // Its probes go well: it is back.
    stage.crank->pass(5'000);
    for (std::uint32_t i = 0; i < 4; ++i) stage.exchange(11 + 2 * i, answered("grpc-status: 0\r\n"));
    CHECK(stage.client.now(17).get("grpc-status", 1) == "0");
}

TEST_CASE("a stream that lasts is to a breaker one that went well: what rests is not kept resting by it") {
    CallStage stage({}, R"("breaker": {"failure_percent": 50, "min_requests": 4, "window": "10s", "open_time": "5s"})");
    for (std::uint32_t i = 0; i < 4; ++i) stage.exchange(1 + 2 * i, answered("grpc-status: 14\r\n"));
    stage.crank->pass(5'000);
    stage.ask(11);
    stage.crank->send(stage.connection,
                      "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n7\r\n" +
                          kMessage + "\r\n");
    stage.client.until("a message", [&] { return !stage.client.now(11).body.empty(); });
    stage.client.headers(13, call(), true);
    CHECK(stage.client.answer(13).get("grpc-status") == "14");  // the probe is on its way
    stage.crank->pass(31'000);
    stage.client.headers(15, call(), true);
    Wire second = stage.accept();
    CHECK(stage.crank->see(second, "\r\n\r\n").starts_with("POST /shop.Cart/Add"));
    stage.crank->send(stage.connection, "0\r\ngrpc-status: 0\r\n\r\n");
    CHECK(stage.client.answer(11).get("grpc-status", 1) == "0");
}

TEST_CASE("a rule that denies says so to a call by what its status means") {
    CallStage stage(R"("rules": [{"name": "no", "when": {"header": "X-No", "present": true}, "deny": 401}],
        "access": {"deny": ["192.0.2.1"]})");
    stage.client.headers(1, h2_request("POST", "/shop.Cart/Get", {{"content-type", "application/grpc"}, {"x-no", "1"}}),
                         true);
    CHECK(stage.client.answer(1).get("grpc-status") == "16");
}

TEST_CASE("what the proxy says by itself to a call is a status without a body, and no edit of the route is lost") {
    CallStage stage(R"("match": {"path_prefix": "/shop.Cart"}, "response_headers": {"set": {"X-Shop": "1"}},
        "limits": {"body": 20, "rate": {"requests": 2, "per": "60s"}})");
    stage.client.headers(1, h2_request("POST", "/other.Thing/Do", {{"content-type", "application/grpc+proto"}}), true);
    const auto& nowhere = stage.client.answer(1);
    CHECK(nowhere.status() == "200");
    CHECK(nowhere.get("content-type") == "application/grpc");
    CHECK(nowhere.get("grpc-status") == "12");
    CHECK(nowhere.get("grpc-message") == "no route matches this request");
    CHECK(nowhere.get("content-length") == "-");
    CHECK(nowhere.get("x-request-id") != "-");
    CHECK(nowhere.ended);
    CHECK(nowhere.body.empty());
    stage.client.headers(3, call(), false);
    const Wire begun = stage.accept();
    stage.client.data(3, std::string(21, 'x'), true);
    CHECK(stage.client.answer(3).get("grpc-status") == "8");
    CHECK(stage.client.answer(3).get("x-shop") == "1");
    stage.client.headers(5, call(), false);
    stage.client.data(5, kMessage, true);
    stage.seen();
    CHECK(stage.said(5, answered("grpc-status: 0\r\n")).get("grpc-status", 1) == "0");
    stage.client.headers(7, call(), true);
    CHECK(stage.client.answer(7).get("grpc-status") == "8");
    // Who asks otherwise is answered as ever.
    stage.client.headers(9, h2_request("POST", "/other.Thing/Do", {{"content-type", "application/grpc-web"}}), true);
    CHECK(stage.client.answer(9).status() == "404");
}

TEST_CASE("an endpoint that is not there is told as UNAVAILABLE, and one that lets a call wait as DEADLINE_EXCEEDED") {
    CallStage gone;
    gone.endpoints[0]->close();
    gone.client.headers(1, call(), true);
    CHECK(gone.client.answer(1).get("grpc-status") == "14");
    CHECK(counted(gone).statuses[14] == 1);

    CallStage stage(R"("timeouts": {"request": "10s"})");
    stage.ask(1, call({{"grpc-timeout", "2S"}}));
    stage.crank->pass(2'000);
    CHECK_FALSE(stage.client.now(1).ended);  // the endpoint, which was told the same, is to have the first word
    stage.crank->pass(300);
    const auto& late = stage.client.answer(1);
    CHECK(late.get("grpc-status") == "4");
    CHECK(stage.crank->see_end(stage.connection).empty());
    const Counted all = counted(stage);
    CHECK(all.failures == 1);
    CHECK(all.unreachable == 0);  // which side took the time is unknown
    CHECK(all.statuses[4] == 1);
}

TEST_CASE(
    "a time that a client makes too short rests no upstream and gets no endpoint suspected; the route's own does") {
    const std::string upstream =
        R"("breaker": {"failure_percent": 50, "min_requests": 4, "window": "60s", "open_time": "5s"},
        "ejection": {"consecutive_failures": 3})";
    for (const bool begun : {false, true})
        for (const bool clients : {true, false}) {
            CAPTURE(begun);
            CAPTURE(clients);
            CallStage stage(clients ? "" : R"("timeouts": {"request": "50ms"})", upstream);
            for (std::uint32_t stream = 1; stream < 13; stream += 2) {
                if (stage.crank->context.counts.escaped != 0) break;
                if (!clients && stream > 8) break;
                stage.ask(stream, clients ? call({{"grpc-timeout", "1n"}}) : call());
                if (begun) {
                    stage.crank->send(stage.connection,
                                      "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\n"
                                      "Transfer-Encoding: chunked\r\n\r\n7\r\n" +
                                          kMessage + "\r\n");
                    stage.client.until("a message", [&] { return !stage.client.now(stream).body.empty(); });
                }
                stage.crank->pass(300);
                CHECK(stage.client.answer(stream).get("grpc-status", begun ? 1 : 0) == "4");
            }
            CHECK(stage.crank->suspects.empty());
            stage.client.headers(21, call(), false);
            stage.client.data(21, kMessage, true);
            if (!clients) {
                CHECK(stage.client.answer(21).get("grpc-status") == "14");  // it rests
                continue;
            }
            stage.seen();
            CHECK(stage.said(21, answered("grpc-status: 0\r\n")).get("grpc-status", 1) == "0");
        }
}

TEST_CASE("the route's own time is the shorter one, and a timeout that is none is passed over") {
    CallStage stage(R"("timeouts": {"request": "1s"})");
    CHECK(values(stage.ask(1, call({{"grpc-timeout", "1H"}})), "grpc-timeout") == "1H");
    stage.crank->pass(1'200);
    CHECK(stage.client.answer(1).get("grpc-status") == "4");
    CallStage other;
    CHECK(values(other.ask(1, call({{"grpc-timeout", "soon"}})), "grpc-timeout") == "soon");
    other.crank->pass(10'000);
    CHECK(other.said(1, answered("grpc-status: 0\r\n")).get("grpc-status", 1) == "0");
}

TEST_CASE("a call that breaks in its answer is ended with a status, not with a reset") {
    const std::string begun =
        "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"
        "7\r\n" +
        kMessage + "\r\n";
    CallStage stage;
    stage.ask(1);
    stage.crank->send(stage.connection, begun);
    stage.client.until("a message", [&] { return !stage.client.now(1).body.empty(); });
    stage.connection.close();
    const auto& cut = stage.client.answer(1);
    CHECK(cut.reset == -1);
    CHECK(cut.get("grpc-status", 1) == "14");
    const Counted all = counted(stage);
    CHECK(all.failures == 1);
    CHECK(all.unreachable == 1);
    CHECK(all.statuses[14] == 1);

    CallStage late;
    late.ask(1, call({{"grpc-timeout", "1S"}}));
    late.crank->send(late.connection, begun);
    late.client.until("a message", [&] { return !late.client.now(1).body.empty(); });
    late.crank->pass(1'300);
    CHECK(late.client.answer(1).get("grpc-status", 1) == "4");
    CHECK(counted(late).unreachable == 0);

    // Of a body that was said to be longer a status would be no end.
    CallStage known;
    known.ask(1);
    known.crank->send(known.connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234");
    known.client.until("a part", [&] { return !known.client.now(1).body.empty(); });
    known.connection.close();
    CHECK(known.client.answer(1).reset >= 0);
}

TEST_CASE("a client that cancels says nothing about the endpoint") {
    CallStage stage({}, R"("ejection": {"consecutive_failures": 1})");
    stage.ask(1);
    stage.client.reset(1);
    stage.crank->see_end(stage.connection);
    const Counted all = counted(stage);
    CHECK(all.failures == 0);
    CHECK(all.statuses[1] == 1);
    CHECK(stage.crank->suspects.empty());
}

TEST_CASE("a route may have another endpoint asked, where nothing but a status was answered") {
    const std::string route = R"("retries": {"attempts": 1}, "grpc": {"retry_on": ["UNAVAILABLE"]})";
    CallStage stage(route, {}, 2);
    CHECK(values(stage.ask(1, call({{"grpc-timeout", "5S"}, {"grpc-previous-rpc-attempts", "1"}})),
                 "grpc-previous-rpc-attempts") == "1");
    Wire first = std::move(stage.connection);
    stage.connection = {};
    stage.crank->pass(1'000);
    stage.crank->send(first, refused(14, "Grpc-Retry-Pushback-Ms: 2000\r\n"));
    stage.crank->turn();
    CHECK_FALSE(stage.client.now(1).ended);
    stage.crank->pass(2'200);
    const std::string again = stage.seen();
    CHECK(values(again, "grpc-previous-rpc-attempts") == "2");
    const auto left = http::parse_grpc_timeout(values(again, "grpc-timeout"));
    REQUIRE(left);
    CHECK(*left <= 2'000);
    CHECK(*left >= 1'500);
    // Only so often.
    const auto& answer = stage.said(1, refused(14));
    CHECK(answer.get("grpc-status") == "14");
    CHECK(answer.heads.size() == 1);
    const Counted all = counted(stage);
    CHECK(all.attempts == 1);
    CHECK(all.failures == 1);
    CHECK(all.failed == 2);
}

TEST_CASE("no other endpoint is asked where the answer, its endpoint, or the route will not have it") {
    const std::string route = R"("retries": {"attempts": 3}, "grpc": {"retry_on": ["UNAVAILABLE"]})";
    struct Row {
        const char* what;
        std::string route, answer;
    };
    const Row rows[] = {
        {"another status", route, refused(13)},
        {"it says no", route, refused(14, "Grpc-Retry-Pushback-Ms: -1\r\n")},
        {"it says nothing that can be read", route, refused(14, "Grpc-Retry-Pushback-Ms: later\r\n")},
        {"a message came", route, answered("grpc-status: 14\r\n")},
        {"the route does not ask for it", R"("retries": {"attempts": 3})", refused(14)},
        {"no further attempt is allowed", R"("retries": {"attempts": 0}, "grpc": {"retry_on": ["UNAVAILABLE"]})",
         refused(14)},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CallStage stage(row.route, {}, 2);
        stage.exchange(1, row.answer);
        CHECK(stage.client.now(1).ended);
        const Counted all = counted(stage);
        CHECK(all.failed == 1);
        CHECK(all.ok == 0);
    }
    // A pause that is longer than the call may take is not made.
    CallStage stage(route, {}, 2);
    stage.ask(1, call({{"grpc-timeout", "1S"}}));
    CHECK(stage.said(1, refused(14, "Grpc-Retry-Pushback-Ms: 5000\r\n")).get("grpc-status") == "14");
}

TEST_CASE("metadata chooses: a rule on a header sends a call elsewhere") {
    ListeningWire blue, green;
    const auto upstream = [](std::uint16_t port) {
        return fmt::format(R"({{"endpoints": [{{"address": "127.0.0.1:{}"}}], "health": {{"type": "none"}}}})", port);
    };
    Crank crank(fmt::format(
        R"({{"listeners": [{{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2"]}}],
            "upstreams": {{"blue": {}, "green": {}}},
            "routes": [{{"name": "cart", "split": {{"blue": 1}},
                         "rules": [{{"name": "canary", "when": {{"header": "x-canary", "equals": "yes"}},
                                     "upstream": "green"}}]}}]}})",
        upstream(blue.port()), upstream(green.port())));
    Http2Client client(crank, crank.client());
    client.headers(1, call({{"x-canary", "yes"}}), true);
    Wire asked = crank.accept(green);
    crank.see(asked, "\r\n\r\n");
    client.headers(3, call(), true);
    Wire other = crank.accept(blue);
    crank.see(other, "\r\n\r\n");
}
