// A message that HTTP/1 would be answered 400 for: in HTTP/2 its stream is reset, and it has a line and a count all the
// same.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "http2_stage.h"
#include "proxy/serve/access_log_ring.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::ErrorCode;
using http2::FrameType;

namespace {

struct Logged : Http2Stage {
    Logged() : ring(-1, 64 * 1024) { crank->context.access_log = &ring; }
    ~Logged() { crank->context.access_log = nullptr; }

    std::vector<nlohmann::json> lines() {
        std::vector<nlohmann::json> out;
        std::string_view left = ring.pending();
        while (!left.empty()) {
            const auto end = left.find('\n');
            out.push_back(nlohmann::json::parse(left.substr(0, end)));
            left.remove_prefix(end + 1);
        }
        ring.written(ring.pending().size());
        return out;
    }
    // The one line since the last call, of a request that was refused so.
    void check_refused(const std::string& why) {
        const auto all = lines();
        REQUIRE(all.size() == 1);
        CHECK(all[0]["refused"] == why);
        CHECK(all[0]["flag"] == "bad_request");
        CHECK(all[0]["status"] == 400);
        CHECK(all[0]["protocol"] == "HTTP/2");
        std::uint64_t refused = 0, every = 0, aborted = 0;
        for (const auto& cell : crank->report().cells) {
            refused += cell.cell->by_class[4];
            for (const auto count : cell.cell->by_class) every += count;
            aborted += cell.cell->aborted;
        }
        CHECK(refused == 1);
        CHECK(every == 1);
        CHECK(aborted == 0);
    }
    serve::AccessLogRing ring;
};

}  // namespace

TEST_CASE("a malformed head is reset, and has a line and a count") {
    Logged stage;
    stage.client.headers(1, h2_request("GET", "/", {{"connection", "close"}}));
    CHECK(stage.client.answer(1).reset == code(ErrorCode::protocol_error));
    stage.check_refused("a field of one connection");
    // What comes behind it is passed over, and the connection lives on.
    stage.client.headers(3, h2_request("POST", "/", {{"content-length", "+1"}}), false);
    stage.client.data(3, "x", true);
    CHECK(stage.client.answer(3).reset == code(ErrorCode::protocol_error));
    stage.check_refused("a content-length that is not a number");
    CHECK(stage.crank->context.http2.exchanges == 0);
    CHECK(stage.crank->context.http2.unstarted == 0);
    stage.client.headers(5, h2_request());
    std::string request;
    Wire connection = stage.asked(request);
    stage.crank->send(connection, kOk);
    CHECK(stage.client.answer(5).body == "ok");
    CHECK(stage.lines().size() == 1);
}

TEST_CASE("a body that is not as long as it was said to be is refused, whether it has begun to go on or not") {
    for (const bool begun : {true, false}) {
        Logged stage;
        stage.client.headers(1, h2_request("POST", "/", {{"content-length", "5"}}), false);
        Wire connection;
        if (begun) {
            std::string request;
            connection = stage.asked(request);
        }
        stage.client.data(1, "abc", true);
        CHECK(stage.client.answer(1).reset == code(ErrorCode::protocol_error));
        stage.check_refused("a body that is not as long as it was said to be");
        if (begun) stage.crank->see_end(connection);
        CHECK(stage.in_flight() == 0);
    }
    Logged stage;  // and all of it in one turn
    std::string both = h2_frame(FrameType::headers, http2::kEndHeaders, 1,
                                h2_block(h2_request("POST", "/", {{"content-length", "5"}})));
    stage.client.send(both + h2_frame(FrameType::data, http2::kEndStream, 1, "abc"));
    CHECK(stage.client.answer(1).reset == code(ErrorCode::protocol_error));
    stage.check_refused("a body that is not as long as it was said to be");
}

TEST_CASE("a head that is answered says in its line what is wrong with it") {
    Logged stage;
    stage.client.headers(1, h2_request("GET", "/", {{"host", "b"}}));
    CHECK(stage.client.answer(1).status() == "400");
    stage.check_refused("the authority and the host differ");
}

TEST_CASE("who leaves is no refusal") {
    Logged stage;
    stage.client.headers(1, h2_request());
    std::string request;
    Wire left = stage.asked(request);
    stage.client.reset(1);
    stage.crank->see_end(left);
    auto lines = stage.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0]["flag"] == "client_closed");
}

TEST_CASE("who has sent what is malformed and leaves at once is counted all the same") {
    for (const bool by_reset : {false, true}) {
        CAPTURE(by_reset);
        Logged stage;
        stage.client.wire.write(h2_frame(FrameType::headers, http2::kEndHeaders, 1,
                                         h2_block(h2_request("POST", "/", {{"connection", "close"}}))) +
                                h2_frame(FrameType::headers, http2::kEndHeaders, 3,
                                         h2_block(h2_request("POST", "/", {{"content-length", "5"}}))) +
                                h2_frame(FrameType::data, http2::kEndStream, 3, "abc"));
        if (by_reset)
            stage.client.wire.reset();
        else
            stage.client.wire.close();
        stage.crank->until("the session to end", [&] { return stage.crank->sessions() == 0; });
        const auto lines = stage.lines();
        REQUIRE(lines.size() == 2);
        for (const auto& line : lines) CHECK(line["flag"] == "bad_request");
        CHECK(stage.crank->context.http2.exchanges == 0);
        CHECK(stage.crank->context.http2.unstarted == 0);
        CHECK(stage.crank->context.http2.busy == 0);
    }
}

TEST_CASE("of a connection that its malformed messages end, each one has its line") {
    Logged stage;
    std::string all;
    for (std::uint32_t lane = 1; lane < 2 * 120; lane += 2)
        all += h2_frame(FrameType::headers, http2::kEndHeaders | http2::kEndStream, lane,
                        h2_block(h2_request("GET", "/", {{"upgrade", "x"}})));
    stage.client.send(all);
    stage.client.until("the end", [&] { return stage.client.goaway > 0; });
    CHECK(stage.client.goaway == code(ErrorCode::enhance_your_calm));
    stage.crank->until("the lanes to end", [&] { return stage.crank->context.http2.unstarted == 0; });
    const auto lines = stage.lines();
    CHECK(lines.size() >= 100);
    for (const auto& line : lines) CHECK(line["refused"] == "a field of one connection");
}
