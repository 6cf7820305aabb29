// Over HTTP/2: an endpoint that stops after byte N of its response, and a client that leaves after byte N of what it
// says, for every N. A part is never taken for the whole on either side, and nothing is left behind.
#include <doctest/doctest.h>

#include <string>

#include "settled.h"
#include "tests/support/http2_client.h"
#include "tests/support/strict_message.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::FrameType;

namespace {

const std::string kFrames = R"("protocols": ["h2"])";
const std::string kTimes = R"("timeouts": {"response_head": "2s", "idle": "2s"})";

enum class Leaves { in_order, by_reset, stalls };

void leave(Crank& crank, Wire& wire, Leaves how) {
    if (how == Leaves::in_order) wire.close();
    if (how == Leaves::by_reset) wire.reset();
    crank.turn();
    if (how == Leaves::stalls) crank.pass(3'000);
}

}  // namespace

TEST_CASE("over HTTP/2 a response that stops after any byte is whole, reset, or a gateway error") {
    const std::string responses[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello, world",
        "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, "
        "world\r\n0\r\n\r\n",
    };
    for (const auto& response : responses) {
        for (const Leaves how : {Leaves::in_order, Leaves::by_reset, Leaves::stalls}) {
            unsigned whole = 0, visible = 0, gateway = 0;
            for (std::size_t n = 0; n <= response.size(); ++n) {
                CAPTURE(response);
                CAPTURE(n);
                ListeningWire endpoint;
                Crank crank(one_route({endpoint.port()}, R"("retries": {"attempts": 0})", kTimes, kFrames));
                Http2Client client(crank, crank.client());
                client.headers(1, h2_request());
                Wire connection = crank.accept(endpoint);
                crank.see(connection, "\r\n\r\n");
                crank.send(connection, std::string_view(response).substr(0, n));
                leave(crank, connection, how);
                const auto& answer = client.answer(1);
                REQUIRE((answer.ended || answer.reset >= 0));
                const std::string status = answer.status(answer.heads.empty() ? 0 : answer.heads.size() - 1);
                if (answer.ended && status == "200") {
                    ++whole;
                    REQUIRE(n == response.size());
                    REQUIRE(answer.body == "hello, world");
                } else if (answer.ended) {
                    ++gateway;
                    REQUIRE(status == (how == Leaves::stalls ? "504" : "502"));
                } else {
                    ++visible;
                    REQUIRE(answer.reset == static_cast<std::int64_t>(http2::ErrorCode::internal_error));
                    REQUIRE(std::string("hello, world").starts_with(answer.body));
                }
                REQUIRE(client.goaway == -1);
                check_settled(crank);
            }
            CHECK(whole == 1);
            CHECK(gateway > 0);
            CHECK(visible > 0);
        }
    }
}

TEST_CASE("a client of HTTP/2 that leaves after any byte is never taken for one that has said all") {
    const std::string said = std::string(http2::kPreface) + h2_frame(FrameType::settings, 0, 0, "") +
                             h2_frame(FrameType::headers, http2::kEndHeaders, 1,
                                      h2_block(h2_request("POST", "/", {{"x-a", "1"}, {"content-length", "6"}}))) +
                             h2_frame(FrameType::data, 0, 1, "abc") + h2_frame(FrameType::ping, 0, 0, "12345678") +
                             h2_frame(FrameType::data, http2::kEndStream, 1, "def");
    for (const Leaves how : {Leaves::in_order, Leaves::by_reset, Leaves::stalls}) {
        unsigned whole = 0;
        for (std::size_t n = 0; n <= said.size(); ++n) {
            CAPTURE(n);
            ListeningWire endpoint;
            Crank crank(
                one_route({endpoint.port()}, {}, kTimes, kFrames + R"(, "head_timeout": "2s", "idle_timeout": "2s")"));
            Wire client = crank.client();
            crank.send(client, std::string_view(said).substr(0, n));
            leave(crank, client, how);
            Wire connection = endpoint.accept();
            if (connection.is_open()) {
                crank.until("what the endpoint sees", [&] {
                    connection.read();
                    return connection.ended || connection.cut ||
                           read_strict_request(connection.seen).outcome == StrictResult::Outcome::whole;
                });
                const auto seen = read_strict_request(connection.seen);
                REQUIRE(seen.outcome != StrictResult::Outcome::bad);
                if (seen.outcome == StrictResult::Outcome::whole) {
                    ++whole;
                    REQUIRE(n == said.size());
                    REQUIRE(seen.message.body == "abcdef");
                    if (how == Leaves::stalls) crank.send(connection, "HTTP/1.1 204 No Content\r\n\r\n");
                }
                connection.close();
            }
            client.close();
            crank.turn();
            crank.pass(10'000);
            crank.until("the session to end", [&] { return crank.sessions() == 0; });
            check_settled(crank);
            REQUIRE(crank.context.http2.exchanges == 0);
            REQUIRE(crank.context.http2.unstarted == 0);
            REQUIRE(crank.context.http2.undelivered == 0);
        }
        CHECK(whole <= 1);
    }
}
