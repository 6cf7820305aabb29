#include "proxy/http/head_parser.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace switchyard::http;
using Outcome = HeadParser::Outcome;

namespace {

Outcome parse_request(const std::string& bytes, Head& head) {
    HeadParser parser;
    return parser.request(bytes, head);
}

Outcome parse_response(const std::string& bytes, Head& head) {
    HeadParser parser;
    return parser.response(bytes, head);
}

// What was understood, in a form that can be compared and printed.
std::string description(const std::string& bytes, const Head& head) {
    std::string out = std::to_string(head.minor) + '|' + std::string(head.method.of(bytes.data())) + '|' +
                      std::string(head.target.of(bytes.data())) + '|' + std::to_string(head.status) + '|' +
                      std::string(head.reason.of(bytes.data())) + '|' + std::to_string(head.size);
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        out += '|' + std::string(head.fields[i].name.of(bytes.data())) + '=' +
               std::string(head.fields[i].value.of(bytes.data()));
    return out;
}

const std::string kFat =
    "POST /a/b?c=d HTTP/1.1\r\nHost: a.example\r\nCookie: x=1; y=2\r\nX-Empty:\r\nX-Spaced: \t a b \t\r\n"
    "Content-Length: 3\r\n\r\nabc";

}  // namespace

TEST_CASE("a minor version that nobody knows is the highest that is known") {
    Head head;
    for (const char* version : {"1.1", "1.2", "1.9"}) {
        REQUIRE(parse_request("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n\r\n", head) == Outcome::done);
        CHECK(head.minor == 1);
    }
    REQUIRE(parse_request("GET / HTTP/1.0\r\n\r\n", head) == Outcome::done);
    CHECK(head.minor == 0);
}

TEST_CASE("a request line is one method, one space, one target, one space, one version") {
    struct Row {
        const char* line;
        Outcome outcome;
    };
    const Row kRows[] = {
        {"GET / HTTP/1.1", Outcome::done},
        {"GET / HTTP/1.0", Outcome::done},
        {"M-SEARCH * HTTP/1.1", Outcome::done},
        {"get /%zz?{}|^` HTTP/1.1", Outcome::done},
        {"GET  / HTTP/1.1", Outcome::bad},
        {"GET /  HTTP/1.1", Outcome::bad},
        {" GET / HTTP/1.1", Outcome::bad},
        {"GET\t/ HTTP/1.1", Outcome::bad},
        {"GET /", Outcome::bad},
        {"GET", Outcome::bad},
        {"", Outcome::bad},
        {"GET / HTTP/1.1 ", Outcome::bad},
        {"GET / http/1.1", Outcome::bad},
        {"GET / HTTP/1.", Outcome::bad},
        {"GET / HTTP/1.10", Outcome::bad},
        {"GET / HTTP/1,1", Outcome::bad},
        {"GET / HTTP/1.2", Outcome::done},
        {"GET / HTTP/1.9", Outcome::done},
        {"GET / HTTP/2.0", Outcome::bad_version},
        {"GET / HTTP/0.9", Outcome::bad_version},
        {"G(T / HTTP/1.1", Outcome::bad},
        {"GET /a#b HTTP/1.1", Outcome::bad},
        {"GET /\"a\" HTTP/1.1", Outcome::bad},
        {"GET /a\\b HTTP/1.1", Outcome::bad},
        {"GET /a?p=C:\\x&q=up{job=\"x\"}&r=<b> HTTP/1.1", Outcome::done},
        {"GET /?\" HTTP/1.1", Outcome::done},
        {"GET http://a?\\ HTTP/1.1", Outcome::done},
        {"GET /\"? HTTP/1.1", Outcome::bad},
        {"GET /?\"#b HTTP/1.1", Outcome::bad},
        {"GET /?\"\xc3\xbc HTTP/1.1", Outcome::bad},
        {"GET /?\"\x7f HTTP/1.1", Outcome::bad},
        {"GET /?\"\tb HTTP/1.1", Outcome::bad},
        {"GET /?<", Outcome::bad},
        {"GET /\xc3\xbc HTTP/1.1", Outcome::bad},
        {"GET /\x7f HTTP/1.1", Outcome::bad},
        {"GET /\x01 HTTP/1.1", Outcome::bad},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.line);
        Head head;
        CHECK(parse_request(std::string(row.line) + "\r\nHost: a\r\n\r\n", head) == row.outcome);
    }
}

TEST_CASE("a status line is a version, a status from 100 to 999 and perhaps a reason") {
    struct Row {
        const char* line;
        Outcome outcome;
        unsigned status;
        const char* reason;
    };
    const Row kRows[] = {
        {"HTTP/1.1 200 OK", Outcome::done, 200, "OK"},
        {"HTTP/1.1 200 ", Outcome::done, 200, ""},
        {"HTTP/1.1 200", Outcome::done, 200, ""},
        {"HTTP/1.0 404 Not\tFound at all", Outcome::done, 404, "Not\tFound at all"},
        {"HTTP/1.1 599 \xc3\xbc", Outcome::done, 599, "\xc3\xbc"},
        {"HTTP/1.1 600 X", Outcome::done, 600, "X"},
        {"HTTP/1.1 999", Outcome::done, 999, ""},
        {"HTTP/1.3 200 X", Outcome::done, 200, "X"},
        {"HTTP/1.1 1000 X", Outcome::bad, 0, ""},
        {"HTTP/1.1 099 X", Outcome::bad, 0, ""},
        {"HTTP/1.1 20 X", Outcome::bad, 0, ""},
        {"HTTP/1.1 2000 X", Outcome::bad, 0, ""},
        {"HTTP/1.1  200 X", Outcome::bad, 0, ""},
        {"HTTP/1.1 200\tX", Outcome::bad, 0, ""},
        {"HTTP/1.1 2x0 X", Outcome::bad, 0, ""},
        {"HTTP/1.1 200 a\x01", Outcome::bad, 0, ""},
        {"HTTP/2.0 200 OK", Outcome::bad_version, 0, ""},
        {"ICY 200 OK", Outcome::bad, 0, ""},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.line);
        const std::string bytes = std::string(row.line) + "\r\n\r\n";
        Head head;
        REQUIRE(parse_response(bytes, head) == row.outcome);
        if (row.outcome != Outcome::done) continue;
        CHECK(head.status == row.status);
        CHECK(head.reason.of(bytes.data()) == row.reason);
    }
}

TEST_CASE("a field line is a token, a colon and a value without control characters") {
    struct Row {
        std::string line;
        bool good;
    };
    const Row kRows[] = {
        {"X: 1", true},
        {"X:1", true},
        {"X:", true},
        {"X: \t", true},
        {"X:   a   b   ", true},
        {"X_Y.Z: 1", true},
        {"!#$%&'*+-.^_`|~: 1", true},
        {"X: \x80\xff", true},
        {"X : 1", false},
        {"X\t: 1", false},
        {" X: 1", false},
        {"\tX: 1", false},
        {": 1", false},
        {"X", false},
        {"X(: 1", false},
        {"X Y: 1", false},
        {"X\x80: 1", false},
        {"X: a\x01", false},
        {"X: a\x7f", false},
        {"X: a\x0b", false},
        {std::string("X: a\0b", 6), false},
        {std::string("X\0: b", 5), false},
        {"X: a\rb", false},
        {"X: a\nb", false},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.line);
        Head head;
        const auto outcome = parse_request("GET / HTTP/1.1\r\n" + row.line + "\r\n\r\n", head);
        CHECK(outcome == (row.good ? Outcome::done : Outcome::bad));
    }
}

TEST_CASE("a line ends with CRLF and nothing else") {
    Head head;
    CHECK(parse_request("GET / HTTP/1.1\nHost: a\n\n", head) == Outcome::bad);
    CHECK(parse_request("GET / HTTP/1.1\r\nHost: a\n\r\n", head) == Outcome::bad);
    CHECK(parse_request("GET / HTTP/1.1\r\nHost: a\r\n\n", head) == Outcome::bad);
    CHECK(parse_request("GET / HTTP/1.1\rHost: a\r\r", head) == Outcome::bad);
    CHECK(parse_request("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", head) == Outcome::bad);
    CHECK(parse_request("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", head) == Outcome::bad);
}

TEST_CASE("names, trimmed values and the size are those of the bytes") {
    Head head;
    REQUIRE(parse_request(kFat, head) == Outcome::done);
    CHECK(description(kFat, head) == "1|POST|/a/b?c=d|0||" + std::to_string(kFat.size() - 3) +
                                         "|Host=a.example|Cookie=x=1; y=2|X-Empty=|X-Spaced=a b|Content-Length=3");
    CHECK(head.has(FieldName::host));
    CHECK(head.has(FieldName::cookie));
    CHECK_FALSE(head.has(FieldName::connection));
    CHECK(head.find(FieldName::content_length)->value.of(kFat.data()) == "3");
    CHECK(head.count(FieldName::host) == 1);
    // Whole lines can be copied by their borders.
    const Field& cookie = head.fields[1];
    CHECK(kFat.substr(cookie.name.offset, cookie.line_end - cookie.name.offset) == "Cookie: x=1; y=2\r\n");
}

TEST_CASE("every way of cutting a head in two gives the same result as the whole") {
    const std::string heads[] = {kFat, "GET / HTTP/1.0\r\n\r\n",
                                 "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nA: b\r\n\r\n"};
    for (const auto& bytes : heads) {
        Head whole;
        REQUIRE(parse_request(bytes, whole) == Outcome::done);
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            CAPTURE(cut);
            HeadParser parser;
            Head head;
            const auto first = parser.request(std::string_view(bytes).substr(0, cut), head);
            if (cut >= whole.size) {
                REQUIRE(first == Outcome::done);
            } else {
                REQUIRE(first == Outcome::more);
                REQUIRE(parser.request(bytes, head) == Outcome::done);
            }
            REQUIRE(description(bytes, head) == description(bytes, whole));
        }
    }
}

TEST_CASE("byte by byte gives the same result as the whole, whatever the bytes are") {
    std::mt19937 random(11);
    const std::string alphabet = "GET/ HTP1.\r\n:ab\t,;\x01\xff" + std::string(1, '\0');
    const std::string valid = "GET /x HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n";
    unsigned accepted = 0, refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = valid;
        for (auto changes = random() % 3; changes > 0; --changes) {
            const auto at = random() % bytes.size();
            const char c = alphabet[random() % alphabet.size()];
            switch (random() % 3) {
                case 0:
                    bytes[at] = c;
                    break;
                case 1:
                    bytes.insert(at, 1, c);
                    break;
                default:
                    bytes.erase(at, 1);
                    break;
            }
        }
        Head whole, grown;
        const auto at_once = parse_request(bytes, whole);
        HeadParser parser;
        Outcome step = Outcome::more;
        for (std::size_t n = 1; n <= bytes.size() && step == Outcome::more; ++n)
            step = parser.request(std::string_view(bytes).substr(0, n), grown);
        CAPTURE(bytes);
        REQUIRE(step == at_once);
        if (at_once == Outcome::done) {
            REQUIRE(description(bytes, whole) == description(bytes, grown));
            ++accepted;
        } else {
            ++refused;
        }
    }
    CHECK(accepted > 1000);  // the mutations must reach both sides
    CHECK(refused > 1000);
}

TEST_CASE("a head may have kMaxHead bytes and not one more") {
    const std::string before = "GET / HTTP/1.1\r\nX: ", after = "\r\n\r\n";
    Head head;
    CHECK(parse_request(before + std::string(kMaxHead - before.size() - after.size(), 'a') + after, head) ==
          Outcome::done);
    CHECK(head.size == kMaxHead);
    CHECK(parse_request(before + std::string(kMaxHead - before.size() - after.size() + 1, 'a') + after, head) ==
          Outcome::too_large);
    CHECK(parse_request(before + std::string(kMaxHead, 'a'), head) == Outcome::too_large);
}

TEST_CASE("a request line alone that exceeds the limit is a target that is too long") {
    Head head;
    CHECK(parse_request("GET /" + std::string(kMaxHead, 'a'), head) == Outcome::target_long);
    CHECK(parse_response("HTTP/1.1 200 " + std::string(kMaxHead, 'a'), head) == Outcome::too_large);
}

TEST_CASE("a head may have kMaxFields fields and not one more") {
    std::string lines;
    for (std::size_t i = 0; i < kMaxFields; ++i) lines += "X: 1\r\n";
    Head head;
    REQUIRE(parse_request("GET / HTTP/1.1\r\n" + lines + "\r\n", head) == Outcome::done);
    CHECK(head.field_count == kMaxFields);
    CHECK(parse_request("GET / HTTP/1.1\r\n" + lines + "X: 1\r\n\r\n", head) == Outcome::too_large);
}

TEST_CASE("binary junk and a bare CR are refused before the line is complete") {
    Head head;
    CHECK(parse_request(std::string("\x16\x03\x01\x02", 4), head) == Outcome::bad);
    CHECK(parse_request("GET / HTTP/1.1\rX", head) == Outcome::bad);
    CHECK(parse_request("GET / HTTP/1.1\r", head) == Outcome::more);
}

TEST_CASE("up to two empty lines before a request are skipped") {
    CHECK(HeadParser::skip_empty_lines("GET") == 0);
    CHECK(HeadParser::skip_empty_lines("\r\nGET") == 2);
    CHECK(HeadParser::skip_empty_lines("\r\n\r\nGET") == 4);
    CHECK(HeadParser::skip_empty_lines("\r\n\r\n\r\nGET") == 4);
    CHECK(HeadParser::skip_empty_lines("\nGET") == 0);
    CHECK(HeadParser::skip_empty_lines("\r") == 0);
}

TEST_CASE("after reset a parser starts over") {
    HeadParser parser;
    Head head;
    REQUIRE(parser.request("GET / HTTP/1.1\r\nHost: a\r\n", head) == Outcome::more);
    parser.reset();
    const std::string other = "PUT /b HTTP/1.1\r\n\r\n";
    REQUIRE(parser.request(other, head) == Outcome::done);
    CHECK(head.field_count == 0);
    CHECK(head.method.of(other.data()) == "PUT");
    CHECK(head.known == 0);
}

TEST_CASE("an answer that cannot become one is refused at its first wrong octet, a whole one is waited for at any") {
    const std::string whole = "HTTP/1.1 200 OK\r\n";
    Head head;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        HeadParser parser;
        CHECK(parser.response(whole.substr(0, size), head) == HeadParser::Outcome::more);
    }
    for (const std::string other : {"<", "h", "HTTPS", "HTTX", "<html>not a line yet", "SSH-2.0-x", "220 mail"}) {
        CAPTURE(other);
        HeadParser parser;
        CHECK(parser.response(other, head) == HeadParser::Outcome::bad);
    }
}
