#include "proxy/http/framing.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/http/head_parser.h"

using namespace switchyard::http;
using Kind = Body::Kind;

namespace {

// A head that has been parsed and guarded; the names of the fields that would be forwarded.
struct Outcome {
    Guarded guarded;
    std::string forwarded;
};

std::string kept(const std::string& bytes, const Head& head) {
    std::string out;
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (!head.fields[i].drop) out += (out.empty() ? "" : " ") + std::string(head.fields[i].name.of(bytes.data()));
    return out;
}

Outcome request(const std::string& lines, const std::string& version = "1.1") {
    const std::string bytes = "POST / HTTP/" + version + "\r\n" + lines + "\r\n";
    Head head;
    HeadParser parser;
    REQUIRE(parser.request(bytes, head) == HeadParser::Outcome::done);
    Outcome out{guard_request(bytes.data(), head), {}};
    out.forwarded = kept(bytes, head);
    return out;
}

Outcome response(const std::string& status, const std::string& lines, const std::string& method = "GET",
                 const std::string& version = "1.1") {
    const std::string bytes = "HTTP/" + version + " " + status + " X\r\n" + lines + "\r\n";
    Head head;
    HeadParser parser;
    REQUIRE(parser.response(bytes, head) == HeadParser::Outcome::done);
    Outcome out{guard_response(bytes.data(), head, method), {}};
    out.forwarded = kept(bytes, head);
    return out;
}

}  // namespace

TEST_CASE("a content length is a plain decimal number") {
    struct Row {
        std::string text;
        bool good;
        std::uint64_t value;
    };
    const Row kRows[] = {{"0", true, 0},
                         {"1", true, 1},
                         {"42", true, 42},
                         {"999999999999999999", true, 999'999'999'999'999'999ULL},
                         {"1000000000000000000", false, 0},
                         {"9223372036854775808", false, 0},
                         {"18446744073709551619", false, 0},
                         {"", false, 0},
                         {"+3", false, 0},
                         {"-3", false, 0},
                         {"03", false, 0},
                         {"3 ", false, 0},
                         {"3,3", false, 0},
                         {"3, 3", false, 0},
                         {"0x3", false, 0},
                         {"3e0", false, 0},
                         {"3.0", false, 0},
                         {"\xd9\xa3", false, 0}};
    for (const Row& row : kRows) {
        CAPTURE(row.text);
        std::uint64_t value = 0;
        REQUIRE(parse_content_length(row.text, value) == row.good);
        if (row.good) CHECK(value == row.value);
    }
}

TEST_CASE("the length of a request is decided once or the request is refused") {
    struct Row {
        const char* lines;
        bool good;
        Kind kind;
        std::uint64_t length;
    };
    const Row kRows[] = {
        {"", true, Kind::none, 0},
        {"Content-Length: 0\r\n", true, Kind::length, 0},
        {"Content-Length: 7\r\n", true, Kind::length, 7},
        {"Transfer-Encoding: chunked\r\n", true, Kind::chunked, 0},
        {"transfer-encoding: CHUNKED\r\n", true, Kind::chunked, 0},
        {"Content-Length: 3\r\nContent-Length: 3\r\n", false, Kind::none, 0},
        {"Content-Length: 3\r\nContent-Length: 5\r\n", false, Kind::none, 0},
        {"Content-Length: x\r\n", false, Kind::none, 0},
        {"Content-Length:\r\n", false, Kind::none, 0},
        {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: gzip\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: gzip, chunked\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: chunked, gzip\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: chunked, chunked\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: xchunked\r\n", false, Kind::none, 0},
        {"Transfer-Encoding: \"chunked\"\r\n", false, Kind::none, 0},
        {"Transfer-Encoding:\r\n", false, Kind::none, 0},
        {"Transfer_Encoding: chunked\r\n", false, Kind::none, 0},
        {"content_length: 3\r\n", false, Kind::none, 0},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.lines);
        const auto out = request(row.lines);
        REQUIRE((out.guarded.refused == nullptr) == row.good);
        if (!row.good) {
            CHECK((out.guarded.status == 400 || out.guarded.status == 501));  // which of them: below
            CHECK_FALSE(out.guarded.keep_alive);
            continue;
        }
        CHECK(out.guarded.body.kind == row.kind);
        CHECK(out.guarded.body.length == row.length);
    }
}

TEST_CASE("codings that nobody asked for are 501 where the end is known all the same, else 400") {
    for (const char* known : {"gzip, chunked", "GZIP ,\tCHUNKED", "identity, chunked", "gzip,deflate,chunked"}) {
        CAPTURE(known);
        CHECK(request("Transfer-Encoding: " + std::string(known) + "\r\n").guarded.status == 501);
        CHECK(response("200", "Transfer-Encoding: " + std::string(known) + "\r\n").guarded.status == 502);
    }
    for (const char* unknown :
         {"gzip", "xchunked", "chunked, gzip", "chunked, chunked", "gzip, chunked, chunked", ", chunked",
          "gzip,, chunked", "gzip chunked", "gzip;q=1, chunked", "chunked,", "\"gzip\", chunked", ""}) {
        CAPTURE(unknown);
        CHECK(request("Transfer-Encoding: " + std::string(unknown) + "\r\n").guarded.status == 400);
    }
    CHECK(request("Transfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n").guarded.status == 400);
}

TEST_CASE("Via tells how often a proxy of a name has passed a message on") {
    const auto times = [](const std::string& lines) {
        const std::string bytes = "GET / HTTP/1.1\r\n" + lines + "\r\n";
        Head head;
        HeadParser parser;
        REQUIRE(parser.request(bytes, head) == HeadParser::Outcome::done);
        return passes_by(bytes.data(), head, "switchyard");
    };
    CHECK(times("") == 0);
    CHECK(times("Via: 1.1 switchyard\r\n") == 1);
    CHECK(times("Via: 1.1 switchyard, HTTP/1.0\tswitchyard (a, b), 1.1 other\r\nvia: 1.1 switchyard\r\n") == 3);
    CHECK(times("Via: switchyard, 1.1 switchyard2, 1.1 switchyard:80, 1.1 a (switchyard)\r\n") == 0);
}

TEST_CASE("HTTP/1.0 knows no transfer encoding") {
    CHECK(request("Transfer-Encoding: chunked\r\n", "1.0").guarded.refused != nullptr);
    CHECK(response("200", "Transfer-Encoding: chunked\r\n", "GET", "1.0").guarded.refused != nullptr);
}

TEST_CASE("what the sender asked for decides whether the connection stays") {
    CHECK(request("").guarded.keep_alive);
    CHECK_FALSE(request("Connection: close\r\n").guarded.keep_alive);
    CHECK_FALSE(request("Connection: Keep-Alive, CLOSE\r\n").guarded.keep_alive);
    CHECK_FALSE(request("Connection: keep-alive\r\nConnection: close\r\n").guarded.keep_alive);
    CHECK_FALSE(request("", "1.0").guarded.keep_alive);
    CHECK(request("Connection: keep-alive\r\n", "1.0").guarded.keep_alive);
    CHECK_FALSE(response("200", "Content-Length: 0\r\n", "GET", "1.0").guarded.keep_alive);
    CHECK(response("200", "Content-Length: 0\r\nConnection: keep-alive\r\n", "GET", "1.0").guarded.keep_alive);
    CHECK_FALSE(response("200", "Content-Length: 0\r\nConnection: close\r\n").guarded.keep_alive);
}

TEST_CASE("fields for one connection only are not forwarded") {
    const auto out = request(
        "Host: a\r\nConnection: X-Hop, keep-alive ,,\r\nX-Hop: 1\r\nx-hop: 2\r\nX-Other: 3\r\nKeep-Alive: 5\r\n"
        "TE: trailers\r\nTrailer: X\r\nProxy-Connection: keep-alive\r\nProxy: http://a/\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: A\r\nProxy-Authorization: Basic x\r\n");
    REQUIRE(out.guarded.refused == nullptr);
    CHECK(out.forwarded == "Host X-Other Proxy-Authorization");
}

TEST_CASE("Connection cannot take away a field that gives the message its meaning") {
    for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Cookie", "Authorization", "Via", "Expect",
                             "X-Forwarded-For", "Forwarded", "X-Request-Id", "Max-Forwards"}) {
        CAPTURE(name);
        CHECK(request("Host: a\r\nConnection: " + std::string(name) + "\r\n").guarded.refused != nullptr);
        CHECK(response("200", "Content-Length: 0\r\nConnection: " + std::string(name) + "\r\n").guarded.refused !=
              nullptr);
    }
    CHECK(request("Connection: \"close\"\r\n").guarded.refused != nullptr);
    CHECK(request("Connection: a b\r\n").guarded.refused != nullptr);
}

TEST_CASE("an upgrade needs both fields and HTTP/1.1") {
    CHECK(request("Connection: upgrade\r\nUpgrade: x\r\n").guarded.upgrade);
    CHECK_FALSE(request("Upgrade: x\r\n").guarded.upgrade);
    CHECK_FALSE(request("Connection: upgrade\r\n").guarded.upgrade);
    CHECK_FALSE(request("Connection: upgrade\r\nUpgrade: x\r\n", "1.0").guarded.upgrade);
    CHECK(request("Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n").guarded.upgrade);
    CHECK(request("Connection: upgrade\r\nUpgrade: a/1, b\r\nUpgrade: c\r\n").guarded.upgrade);
}

TEST_CASE("an offer to upgrade that cannot be passed on is passed over, and the request served as it is") {
    for (const char* lines :
         {"Upgrade: x\r\nContent-Length: 3\r\n", "Upgrade: x\r\nTransfer-Encoding: chunked\r\n", "Upgrade:\r\n",
          "Upgrade: ,\r\n", "Upgrade: \"x\"\r\n", "Upgrade: a b\r\n", "Upgrade: a/\r\n", "Upgrade: a/b/c\r\n",
          "Upgrade: h2c\r\n", "Upgrade: websocket, H2C\r\n", "Upgrade: websocket\r\nUpgrade: h2c\r\n"}) {
        CAPTURE(lines);
        const auto out = request("X: 1\r\nConnection: upgrade\r\n" + std::string(lines));
        CHECK(out.guarded.refused == nullptr);
        CHECK_FALSE(out.guarded.upgrade);
        CHECK(out.forwarded.find("Upgrade") == std::string::npos);
    }
}

TEST_CASE("an endpoint may switch only to a protocol that was offered, and only in HTTP/1.1") {
    struct Row {
        const char* offered;
        const char* chosen;
        bool good;
    };
    const Row kRows[] = {{"websocket", "websocket", true}, {"websocket", "WebSocket", true},
                         {"a/1, b/2", "b/2", true},        {"a/1", "a", true},
                         {"websocket", "evil", false},     {"websocket", "", false},
                         {"websocket", "web", false},      {"a, b", "b, c", false}};
    for (const Row& row : kRows) {
        CAPTURE(row.offered);
        CAPTURE(row.chosen);
        const std::string asked = std::string("GET / HTTP/1.1\r\nUpgrade: ") + row.offered + "\r\n\r\n";
        const std::string answered = std::string("HTTP/1.1 101 X\r\nUpgrade: ") + row.chosen + "\r\n\r\n";
        Head from, to;
        HeadParser parser;
        REQUIRE(parser.request(asked, from) == HeadParser::Outcome::done);
        parser.reset();
        REQUIRE(parser.response(answered, to) == HeadParser::Outcome::done);
        CHECK(offered_upgrade(asked.data(), from, answered.data(), to) == row.good);
    }
    CHECK(response("101", "Connection: upgrade\r\nUpgrade: x\r\n").guarded.upgrade);
    CHECK_FALSE(response("101", "Connection: upgrade\r\nUpgrade: x\r\n", "GET", "1.0").guarded.upgrade);
}

TEST_CASE("CONNECT has no body, and whatever becomes of it ends the connection") {
    auto connect = [](const std::string& lines) {
        const std::string bytes = "CONNECT a:1 HTTP/1.1\r\n" + lines + "\r\n";
        Head head;
        HeadParser parser;
        REQUIRE(parser.request(bytes, head) == HeadParser::Outcome::done);
        return guard_request(bytes.data(), head);
    };
    CHECK(connect("").refused == nullptr);
    CHECK_FALSE(connect("").keep_alive);
    CHECK_FALSE(connect("Connection: keep-alive\r\n").keep_alive);
    CHECK(connect("Content-Length: 0\r\n").refused == nullptr);
    CHECK(connect("Content-Length: 3\r\n").refused != nullptr);
    CHECK(connect("Transfer-Encoding: chunked\r\n").refused != nullptr);
    CHECK(response("200", "Content-Length: 5\r\nX: 1\r\n", "CONNECT").forwarded == "X");
}

TEST_CASE("a name that some read as one of ours is not forwarded beside it") {
    const auto out = request(
        "X_Forwarded_For: 6.6.6.6\r\nx-forwarded_for: 6.6.6.6\r\nX_FORWARDED_PROTO: https\r\nX_Forwarded_Host: a\r\n"
        "X_Request_Id: 1\r\nX_Stays: 1\r\nX_Forwarded_Foo: 1\r\nX-Forwarded-For: 1.1.1.1\r\n");
    CHECK(out.guarded.refused == nullptr);
    CHECK(out.forwarded == "X_Stays X-Forwarded-For");
    CHECK(request("Content-length_: 3\r\n").guarded.refused == nullptr);
    CHECK(request("Transfer-encodinG_: 3\r\n").guarded.refused == nullptr);
    CHECK(request("CONTENT_Length: 3\r\n").guarded.refused != nullptr);
}

TEST_CASE("none of the names we know goes on with underscores") {
    for (std::string name :
         {"client-ip", "content-length", "cf-connecting-ip", "fastly-client-ip", "forwarded-for", "front-end-https",
          "http2-settings", "keep-alive", "max-forwards", "proxy-authorization", "retry-after", "transfer-encoding",
          "true-client-ip", "www-authenticate", "wl-proxy-client-ip", "x-real-ip", "x-forwarded-prefix", "x-scheme"}) {
        for (char& c : name)
            if (c == '-') c = '_';
        CAPTURE(name);
        for (const bool upper : {false, true}) {
            if (upper)
                for (char& c : name)
                    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
            const auto out = request(name + ": 1\r\n");
            CHECK((out.guarded.refused != nullptr || out.forwarded.empty()));
        }
    }
}

TEST_CASE("only 100-continue can be expected") {
    CHECK(request("Expect: 100-Continue\r\nContent-Length: 3\r\n").guarded.expect_continue);
    const auto old = request("Expect: 100-continue\r\nX: 1\r\n", "1.0");
    CHECK_FALSE(old.guarded.expect_continue);
    CHECK(old.forwarded == "X");
    const auto odd = request("Expect: 200-ok\r\n");
    REQUIRE(odd.guarded.refused != nullptr);
    CHECK(odd.guarded.status == 417);
    CHECK(request("Expect: 100-continue\r\nExpect: 100-continue\r\n").guarded.status == 417);
}

TEST_CASE("the length of a response follows its status and the method it answers") {
    struct Row {
        const char* status;
        const char* lines;
        const char* method;
        bool good;
        Kind kind;
        bool keep;
    };
    const Row kRows[] = {
        {"200", "Content-Length: 5\r\n", "GET", true, Kind::length, true},
        {"200", "Transfer-Encoding: chunked\r\n", "GET", true, Kind::chunked, true},
        {"200", "", "GET", true, Kind::until_close, false},
        {"200", "Content-Length: 5\r\n", "HEAD", true, Kind::none, true},
        {"200", "Transfer-Encoding: chunked\r\n", "HEAD", true, Kind::none, true},
        {"200", "", "HEAD", true, Kind::none, true},
        {"304", "Content-Length: 5\r\n", "GET", true, Kind::none, true},
        {"204", "", "GET", true, Kind::none, true},
        {"204", "Content-Length: 0\r\n", "GET", true, Kind::none, true},
        {"204", "Content-Length: 5\r\n", "GET", true, Kind::none, false},
        {"204", "Transfer-Encoding: chunked\r\n", "GET", true, Kind::none, false},
        {"204", "Transfer-Encoding: gzip, chunked\r\n", "GET", true, Kind::none, false},
        {"204", "Content-Length: 1\r\nContent-Length: 2\r\n", "GET", true, Kind::none, false},
        {"100", "", "GET", true, Kind::none, true},
        {"100", "Content-Length: 5\r\n", "GET", false, Kind::none, false},
        {"101", "Transfer-Encoding: chunked\r\n", "GET", false, Kind::none, false},
        {"200", "", "CONNECT", true, Kind::none, true},
        {"502", "Content-Length: 5\r\n", "CONNECT", true, Kind::length, true},
        {"200", "Content-Length: 5\r\nContent-Length: 5\r\n", "GET", false, Kind::none, false},
        {"200", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "GET", false, Kind::none, false},
        {"200", "Transfer-Encoding: gzip, chunked\r\n", "GET", false, Kind::none, false},
        {"200", "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "GET", false, Kind::none, false},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.status);
        CAPTURE(row.lines);
        CAPTURE(row.method);
        const auto out = response(row.status, row.lines, row.method);
        REQUIRE((out.guarded.refused == nullptr) == row.good);
        if (!row.good) {
            CHECK(out.guarded.status == 502);
            continue;
        }
        CHECK(out.guarded.body.kind == row.kind);
        CHECK(out.guarded.keep_alive == row.keep);
    }
}
