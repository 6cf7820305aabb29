#include "forum/server/head_watch.h"

#include <doctest/doctest.h>

#include <vector>

using namespace forum;

namespace {

HeadWatch watched(std::string_view request, std::size_t piece = 1) {
    HeadWatch watch;
    watch.begin();
    for (; !request.empty(); request.remove_prefix(std::min(piece, request.size()))) {
        watch.take(request.substr(0, piece));
    }
    return watch;
}

std::string with(std::string_view lines) {
    return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("heads that every program reads alike have no fault, in pieces of any size") {
    for (const char* lines :
         {"Content-Length: 2", "content-length:2 ", "Transfer-Encoding: chunked", "Cookie: a=%41; b",
          "X-Empty:", "Accept: */*\r\nUser-Agent: \xC3\xA4\t(x)", "Referer: http://a/%20:8"}) {
        CAPTURE(lines);
        for (const std::size_t piece : {1, 2, 3, 7, 1'000}) {
            const HeadWatch watch = watched(with(lines) + "body: not looked at\n", piece);
            CHECK(watch.complete());
            CHECK(watch.fault() == "");
        }
    }
}

TEST_CASE("heads that two programs could read differently have a fault") {
    const std::vector<std::string> all = {
        "Content-Length: %32",
        "Content-Length:",
        "Content-Length: 2\r\nContent-Length: \t",
        "transfer-encoding: %63hunked",
        "Transfer-Encoding:",
        "Content-Length : 2",
        " Content-Length: 2",
        "\tfolded",
        "no colon",
        ": no name",
        "X: a\nContent-Length: 2",
        "X: a\rb",
        std::string("X: a\0b", 6),
        "N\xC3\xA4me: x",
        "X: \x7F",
        "host: b",
    };
    for (const std::string& lines : all) {
        CAPTURE(lines);
        CHECK(watched(with(lines)).fault() != "");
    }
    CHECK(watched("GET / HTTP/1.1\nHost: a\r\n\r\n").fault() != "");
    for (const char* line :
         {"GET  / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET /a b HTTP/1.1", "GET /", "GET"}) {
        CAPTURE(line);
        CHECK(watched(std::string(line) + "\r\nHost: a\r\n\r\n").fault() != "");
    }
    CHECK(watched("GET / HTTP/1.1\r\n\r\n").fault() != "");
    CHECK(watched("GET / HTTP/1.0\r\n\r\n").fault() == "");
    CHECK(watched("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n").fault() != "");
}

TEST_CASE("an Idempotency-Key is kept as it was sent, and a new request begins without one") {
    HeadWatch watch = watched(with("idempotency-key:  a%41 "));
    CHECK(watch.idempotency_key() == "a%41");
    CHECK(watched(with("Idempotency-Key:")).idempotency_key() == "");
    CHECK(watched(with("Idempotency-Key: a\r\nIdempotency-Key: a")).fault() == "");
    CHECK(watched(with("Idempotency-Key: a\r\nIdempotency-Key: b")).fault() != "");
    watch.begin();
    watch.take(with("X: y"));
    CHECK_FALSE(watch.idempotency_key());
}
