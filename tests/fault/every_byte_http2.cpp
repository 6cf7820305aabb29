// Over HTTP/2: an endpoint of either version that stops after byte N of its response, and a client that leaves after
// byte N of what it says, for every N. A part is never taken for the whole on either side, and nothing is left behind.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "cuts.h"
#include "settled.h"
#include "tests/support/http2_client.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::FrameType;

namespace {

const std::string kFrames = R"("protocols": ["h2"])";

// What a client of HTTP/2 made of it; `late`: what it is told of an endpoint that says no more.
Answered seen_by(Http2Client& client, Leaves how, int late = 504) {
    const auto& answer = client.answer(1);
    REQUIRE((answer.ended || answer.reset >= 0));
    REQUIRE(client.goaway == -1);
    const std::string status = answer.status(answer.heads.empty() ? 0 : answer.heads.size() - 1);
    if (answer.ended && status.starts_with('5')) {
        REQUIRE(status == std::to_string(how == Leaves::stalls ? late : 502));
        return Answered::gateway_error;
    }
    if (answer.ended) {
        REQUIRE(answer.body == kWhole);
        return Answered::whole;
    }
    REQUIRE(answer.reset == static_cast<std::int64_t>(http2::ErrorCode::internal_error));
    REQUIRE(kWhole.starts_with(answer.body));
    return Answered::visibly_cut;
}

// Whether a head has come whole, behind the preface.
bool has_request(std::string_view seen) {
    seen.remove_prefix(std::min(seen.size(), http2::kPreface.size()));
    while (seen.size() >= http2::kFrameHeadSize) {
        const http2::FrameHead frame = http2::read_frame_head(seen.data());
        if (seen.size() < http2::kFrameHeadSize + frame.length) return false;
        if (frame.is(FrameType::headers)) return true;
        seen.remove_prefix(http2::kFrameHeadSize + frame.length);
    }
    return false;
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
            CutCount count;
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
                count.add(seen_by(client, how), n == response.size());
                check_settled(crank);
            }
            count.check();
        }
    }
}

TEST_CASE("an endpoint of HTTP/2 that stops after any byte gave a whole answer, a cut one, or none") {
    const auto head = [](const Pairs& fields, std::uint8_t more = 0) {
        return h2_frame(FrameType::headers, http2::kEndHeaders | more, 1, h2_block(fields));
    };
    const std::string settings =
        h2_frame(FrameType::settings, 0, 0, "") + h2_frame(FrameType::settings, http2::kAck, 0, "");
    const std::string responses[] = {
        settings + head({{":status", "200"}, {"content-length", "12"}}) + h2_frame(FrameType::data, 0, 1, "hello") +
            h2_frame(FrameType::data, http2::kEndStream, 1, ", world"),
        settings + head({{":status", "103"}, {"link", "</a>"}}) + head({{":status", "200"}}) +
            h2_frame(FrameType::data, 0, 1, kWhole) + head({{"x-sum", "1"}}, http2::kEndStream),
    };
    for (const auto& response : responses) {
        for (const Leaves how : {Leaves::in_order, Leaves::by_reset, Leaves::stalls}) {
            for (const bool client_in_frames : {true, false}) {
                CutCount count;
                for (std::size_t n = 0; n <= response.size(); ++n) {
                    CAPTURE(response);
                    CAPTURE(client_in_frames);
                    CAPTURE(n);
                    ListeningWire endpoint;
                    Crank crank(one_route({endpoint.port()}, R"("retries": {"attempts": 0})",
                                          kTimes + R"(, "protocol": "h2")",
                                          client_in_frames ? kFrames : R"("protocols": ["http/1.1"])"));
                    Wire plain = crank.client();
                    std::optional<Http2Client> client;
                    if (client_in_frames) {
                        client.emplace(crank, std::move(plain));
                        client->headers(1, h2_request());
                    } else {
                        crank.send(plain, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                    }
                    Wire connection = crank.accept(endpoint);
                    crank.until("the request", [&] {
                        connection.read();
                        return has_request(connection.seen);
                    });
                    crank.send(connection, std::string_view(response).substr(0, n));
                    leave(crank, connection, how);
                    // An endpoint that has not even said SETTINGS in its time does not speak HTTP/2.
                    const int late = n < http2::kFrameHeadSize ? 502 : 504;
                    count.add(client ? seen_by(*client, how, late) : seen_by(crank, plain, how, late),
                              n == response.size());
                    check_settled(crank);
                }
                count.check();
            }
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
            whole += whole_requests(crank, endpoint, n == said.size());
            check_forgotten(crank, client);
        }
        CHECK(whole <= 1);
    }
}
