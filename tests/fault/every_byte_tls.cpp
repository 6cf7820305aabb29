// Under TLS: an endpoint that stops after octet N of the ciphertext of its response, and a client of HTTP/2 that leaves
// after octet N of that of its frames, for every N. What is told of the end of a connection that TLS did not end is
// never taken for the end of a message.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "cuts.h"
#include "settled.h"
#include "tests/support/certificates.h"
#include "tests/support/http2_client.h"
#include "tests/support/tls_client.h"
#include "tests/support/tls_endpoint.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const Authority& authority() {
    static const Authority made("authority of the cuts");
    return made;
}

const Made& identity() {
    static const Made made = authority().sign({"a.test"});
    return made;
}

}  // namespace

TEST_CASE("under TLS a response that stops after any octet is whole, visibly cut, or a gateway error") {
    const std::string ca = file_with("cuts.pem", authority().certificate());
    // Each piece is a record; with the last one TLS ends.
    const std::vector<std::string> responses[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", "hello", ", world"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", "7\r\n, world\r\n0\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\n\r\n", "hello", ", world"},  // until its end
    };
    for (const auto& response : responses) {
        const bool until_end = &response == &responses[2];
        for (const Leaves how : {Leaves::in_order, Leaves::by_reset, Leaves::stalls}) {
            unsigned whole = 0, cut = 0, gateway = 0;
            std::size_t all = 1;
            for (std::size_t n = 0; n <= all; ++n) {
                CAPTURE(response[0]);
                CAPTURE(n);
                ListeningWire listening;
                Crank crank(one_route({listening.port()}, R"("retries": {"attempts": 0})",
                                      kTimes + fmt::format(R"(, "tls": {{"ca": "{}", "server_name": "a.test"}})", ca)));
                TlsEndpoint endpoint(crank, {identity()});
                Wire client = crank.client();
                crank.send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                auto connection = endpoint.accept(listening);
                REQUIRE(connection->handshake());
                connection->see("\r\n\r\n");
                std::string sealed;
                std::size_t message = 0;  // so much of it is the message
                for (const auto& piece : response) sealed += connection->seal(piece);
                if (!until_end) message = sealed.size();
                sealed += connection->seal({}, true);
                if (until_end) message = sealed.size();
                all = sealed.size();
                crank.send(connection->wire, std::string_view(sealed).substr(0, n));
                leave(crank, connection->wire, how);
                const Answered answered = seen_by(crank, client, how, 504);
                if (answered == Answered::whole) REQUIRE(n >= message);
                if (n >= message && how != Leaves::by_reset) REQUIRE(answered == Answered::whole);
                ++(answered == Answered::whole ? whole : answered == Answered::visibly_cut ? cut : gateway);
                check_settled(crank);
            }
            CHECK(whole > 0);
            CHECK(cut > 0);
            CHECK(gateway > 0);
        }
    }
}

TEST_CASE("under TLS a client of HTTP/2 that leaves after any octet is never taken for one that has said all") {
    const std::string frames[] = {
        std::string(http2::kPreface) + h2_frame(http2::FrameType::settings, 0, 0, ""),
        h2_frame(http2::FrameType::headers, http2::kEndHeaders, 1, h2_block(h2_request("POST", "/"))),
        h2_frame(http2::FrameType::data, 0, 1, "abc"),
        h2_frame(http2::FrameType::data, http2::kEndStream, 1, "def"),
    };
    const std::string config =
        fmt::format(R"({{"certificates": {{"a": {{"chain": "{}", "key": "{}"}}}}, )",
                    file_with("cut.pem", identity().certificate), file_with("cut.key", identity().key));
    for (const Leaves how : {Leaves::in_order, Leaves::by_reset, Leaves::stalls}) {
        unsigned whole = 0;
        std::size_t all = 1;
        for (std::size_t n = 0; n <= all; ++n) {
            CAPTURE(n);
            ListeningWire endpoint;
            Crank crank(config +
                        one_route({endpoint.port()}, {}, kTimes,
                                  R"("tls": {"certificates": ["a"]}, "head_timeout": "2s", "idle_timeout": "2s")")
                            .substr(1));
            TlsClient client(crank, crank.client(),
                             {"a.test", authority().certificate(), std::string("\x02h2"), 0, {}, {}});
            REQUIRE(client.handshake());
            REQUIRE(client.protocol() == "h2");
            std::string sealed;
            client.outward = [&](std::string piece) {
                sealed += piece;
                return std::string();
            };
            for (const auto& piece : frames) client.put(piece);
            all = sealed.size();
            crank.send(client.wire, std::string_view(sealed).substr(0, n));
            leave(crank, client.wire, how);
            whole += whole_requests(crank, endpoint, n == all);
            check_forgotten(crank, client.wire);
        }
        CHECK(whole <= 1);
    }
}
