// Calls out of octets: one message, read in one way, whatever the pieces it comes in.
#include "control/admin/call/call_reader.h"

#include <doctest/doctest.h>

using namespace switchyard::control;

namespace {

constexpr std::uint64_t kMost = 100;

using Outcome = CallReader::Outcome;

// The status of the refusal, 0 when it is a call, 1 when more is wanted.
unsigned read_whole(const std::string& text) {
    CallReader reader(kMost);
    std::string bytes = text;
    const auto outcome = reader.feed(bytes);
    return outcome == Outcome::refused ? reader.problem().status : outcome == Outcome::more ? 1 : 0;
}

const std::string kHost = "Host: a\r\n";

}  // namespace

TEST_CASE("a call is its method, path, query, fields and body, and what stands behind it stays") {
    CallReader reader(kMost);
    std::string bytes = "PUT /v1/a%2Fb?x=1&y=%41 HTTP/1.1\r\n" + kHost +
                        "X-Reason: one\r\nx-reason: two\r\nContent-Length: 3\r\n\r\nabcGET / HTTP";
    REQUIRE(reader.feed(bytes) == Outcome::done);
    CHECK(bytes == "GET / HTTP");
    CHECK(reader.keep_alive());
    const auto call = reader.take();
    CHECK(call.method == "PUT");
    CHECK(call.path == "/v1/a%2Fb");
    CHECK(call.query == std::map<std::string, std::string>{{"x", "1"}, {"y", "A"}});
    CHECK(call.header("x-reason") == "one, two");
    CHECK(call.body == "abc");
}

TEST_CASE("it does not matter in which pieces a call comes") {
    const std::string text = "\r\nPOST /v1/undo HTTP/1.1\r\n" + kHost +
                             "Transfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n5;a=b\r\na\":1}\r\n0\r\n\r\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        CAPTURE(piece);
        CallReader reader(kMost);
        std::string bytes;
        auto outcome = Outcome::more;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            bytes += text.substr(at, piece);
            outcome = reader.feed(bytes);
            REQUIRE(outcome != Outcome::refused);
        }
        REQUIRE(outcome == Outcome::done);
        CHECK(reader.take().body == R"({"a":1})");
    }
}

TEST_CASE("what two readers could take for two messages is refused") {
    const std::string get = "GET / HTTP/1.1\r\n", post = "POST / HTTP/1.1\r\n";
    CHECK(read_whole(get + kHost + "\r\n") == 0);
    CHECK(read_whole(get + "\r\n") == 400);                                          // no Host
    CHECK(read_whole(get + kHost + kHost + "\r\n") == 400);                          // two
    CHECK(read_whole(get + kHost + "X: a\r\n b\r\n\r\n") == 400);                    // a folded line
    CHECK(read_whole(post + kHost + "Transfer-Encoding: xchunked\r\n\r\n") >= 400);  // no coding we know
    CHECK(read_whole(post + kHost + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}") >= 400);
    CHECK(read_whole(post + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n") == 400);
    CHECK(read_whole(post + kHost + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n") == 400);
    CHECK(read_whole(post + kHost + "Content-Length: +2\r\n\r\n") == 400);
    CHECK(read_whole(post + kHost + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n") == 400);
    CHECK(read_whole("GET / HTTP/2.0\r\n" + kHost + "\r\n") >= 400);
    CHECK(read_whole("nonsense\r\n\r\n") == 400);
}

TEST_CASE("sizes are bounded, and an announced body that is too large is refused before it comes") {
    const std::string post = "POST / HTTP/1.1\r\n" + kHost;
    CHECK(read_whole(post + "Content-Length: 101\r\n\r\n") == 413);
    CHECK(read_whole(post + "Content-Length: 100\r\n\r\n") == 1);
    CHECK(read_whole(post + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(0x65, ' ')) == 413);
    CHECK(read_whole("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x')) == 431);
}
