#include "proxy/http2/request_head.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http/framing.h"
#include "proxy/http/target.h"

using namespace switchyard;
using http2::RequestHead;
using Verdict = RequestHead::Verdict;
using Fields = std::vector<std::pair<std::string, std::string>>;

namespace {

struct Asked {
    std::array<char, http::kMaxHead> text;
    http::Head head;
    RequestHead wall{text, head};
    Verdict verdict = Verdict::malformed;

    explicit Asked(const Fields& fields, bool end_stream = false, bool extended = false) {
        for (const auto& [name, value] : fields) wall.field(name, value);
        verdict = wall.end(end_stream, extended);
    }
    // The field lines, as an HTTP/1 endpoint would be sent them.
    std::string lines() const {
        std::string out;
        for (std::uint16_t i = 0; i < head.field_count; ++i) {
            const http::Field& field = head.fields[i];
            out.append(text.data() + field.name.offset, field.line_end - field.name.offset);
        }
        return out;
    }
    std::string line() const {
        return std::string(head.method.of(text.data())) + " " + std::string(head.target.of(text.data()));
    }
};

Fields with(Fields more) {
    Fields all{{":method", "GET"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", "/x?y=1"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

// The usual four, one of them replaced (or taken away: no value).
Fields but(const std::string& name, const char* value) {
    Fields all;
    for (auto& field : with({})) {
        if (field.first != name)
            all.push_back(field);
        else if (value != nullptr)
            all.emplace_back(name, value);
    }
    return all;
}

}  // namespace

TEST_CASE("a request becomes the head that HTTP/1 would have had, and the guards behind take it") {
    Asked asked(with({{"user-agent", "u"}, {"accept", "*/*"}, {"content-length", "5"}}));
    REQUIRE(asked.verdict == Verdict::fine);
    CHECK(asked.wall.why() == nullptr);
    CHECK(asked.line() == "GET /x?y=1");
    CHECK(asked.lines() == "host: a.example\r\nuser-agent: u\r\naccept: */*\r\ncontent-length: 5\r\n");
    const http::Target target = http::read_target(asked.text.data(), asked.head);
    CHECK(target.refused == nullptr);
    CHECK(target.host == "a.example");
    CHECK(target.query == "y=1");
    const http::Guarded guarded = http::guard_request(asked.text.data(), asked.head);
    CHECK(guarded.refused == nullptr);
    CHECK(guarded.body.length == 5);
    CHECK(Asked(with({})).lines() == "host: a.example\r\n");
}

TEST_CASE("cookies are joined into one line, in their order, wherever they stood") {
    const Asked asked(with({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2; c=3"}, {"cookie", ""}, {"cookie", "d=4"}}));
    REQUIRE(asked.verdict == Verdict::fine);
    CHECK(asked.lines() == "host: a.example\r\nx: y\r\ncookie: a=1; b=2; c=3; d=4\r\n");
    CHECK(asked.head.count(http::FieldName::cookie) == 1);
    Fields sixty;
    std::string joined;
    for (int i = 0; i < 60; ++i) {
        sixty.emplace_back("cookie", "k" + std::to_string(i));
        joined += (i == 0 ? "" : "; ") + sixty.back().second;
    }
    const Asked many(with(sixty));
    REQUIRE(many.verdict == Verdict::fine);
    CHECK(many.head.find(http::FieldName::cookie)->value.of(many.text.data()) == joined);
}

TEST_CASE("te: trailers is the one thing that te may say; http2-settings is nothing") {
    const Asked asked(with({{"te", "trailers"}, {"http2-settings", "AAMAAABk"}}));
    CHECK(asked.verdict == Verdict::fine);
    CHECK(asked.wall.reads_trailers());
    CHECK(asked.lines() == "host: a.example\r\nte: trailers\r\n");
    CHECK_FALSE(Asked(with({})).wall.reads_trailers());
}

TEST_CASE("what HTTP/1 could not say, or could say twice, is malformed") {
    const std::string nul("a\0b", 3);
    const std::vector<Fields> rows{
        with({{"transfer-encoding", "chunked"}}),
        with({{"Transfer-Encoding", "chunked"}}),
        with({{"connection", "x"}}),
        with({{"keep-alive", "1"}}),
        with({{"proxy-connection", "x"}}),
        with({{"upgrade", "h2c"}}),
        with({{"te", "gzip"}}),
        with({{"te", "trailers, gzip"}}),
        with({{"content-length", "5"}, {"content-length", "5"}}),
        with({{"content-length", "+5"}}),
        with({{"content-length", "5 5"}}),
        with({{"content-length", "0x5"}}),
        with({{"content-length", "5,5"}}),
        with({{"content-length", "1234567890123456789"}}),
        with({{"content-length", ""}}),
        with({{"x", "a\r\nb: c"}}),
        with({{"x", "a\nb"}}),
        with({{"x", "a\rb"}}),
        with({{"x", nul}}),
        with({{"x", "a\x01"}}),
        with({{"x", "a\x7f"}}),
        with({{"x", " a"}}),
        with({{"x", "a\t"}}),
        with({{"x:", "a"}}),
        with({{"x y", "a"}}),
        with({{"x\r\ny", "a"}}),
        with({{std::string("x\0", 2), "a"}}),
        with({{"X", "a"}}),
        with({{"x(", "a"}}),
        with({{"x\x80", "a"}}),
        with({{"", "a"}}),
        with({{":path", "/again"}}),
        with({{":foo", "x"}}),
        with({{":status", "200"}}),
        with({{"x", "y"}, {":protocol", "websocket"}}),
        with({{":protocol", "websocket"}}),
        but(":path", "/a b"),
        but(":path", "/a\r"),
        but(":path", "/a\nb"),
        but(":path", "/a#b"),
        but(":path", "/\xc3\xa9"),
        but(":path", ""),
        but(":path", "foo"),
        but(":path", "http://b/"),
        but(":path", "*"),
        but(":path", nullptr),
        but(":path", "/a HTTP/1.1\r\nHost: b\r\n\r\nGET /c"),
        but(":method", "GET /x HTTP/1.1\r\n"),
        but(":method", "G T"),
        but(":method", ""),
        but(":method", nullptr),
        but(":scheme", "https://evil/"),
        but(":scheme", ""),
        but(":scheme", "ftp"),
        but(":scheme", nullptr),
        but(":authority", "a\r\nx: y"),
        but(":authority", " a"),
        {{":method", "GET"}, {":scheme", "https"}, {"x", "y"}, {":path", "/"}, {":authority", "a"}},
        {{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}},
        {{":method", "CONNECT"}, {":authority", "a:1"}, {":scheme", "https"}},
        {{":method", "CONNECT"}, {"host", "a:1"}},
        {{":method", "CONNECT"}, {":authority", "a"}, {":scheme", "https"}, {":path", "/"}, {":protocol", "websocket"}},
    };
    for (const Fields& fields : rows) {
        std::string shown;
        for (const auto& [name, value] : fields) shown += name + "=" + value + " ";
        CAPTURE(shown);
        const Asked asked(fields);
        CHECK(asked.verdict == Verdict::malformed);
        CHECK(asked.wall.why() != nullptr);
    }
    CHECK(Asked(with({{"content-length", "5"}}), true).verdict == Verdict::malformed);
    CHECK(Asked(with({{"content-length", "0"}}), true).verdict == Verdict::fine);
}

TEST_CASE("who is meant is said once: host beside authority is the same, or the answer is 400") {
    CHECK(Asked(with({{"host", "A.example"}})).lines() == "host: a.example\r\n");
    CHECK(Asked(with({{"host", "b"}})).verdict == Verdict::bad);
    CHECK(Asked(with({{"host", "a.example"}, {"host", "a.example"}})).verdict == Verdict::bad);
    Fields without = but(":authority", nullptr);
    CHECK(Asked(without).verdict == Verdict::bad);
    without.emplace_back("host", "only.example");
    CHECK(Asked(without).lines() == "host: only.example\r\n");
    without.emplace_back("host", "only.example");
    CHECK(Asked(without).verdict == Verdict::bad);
    // What an authority may look like is judged where that of HTTP/1 is.
    for (const char* authority : {"u@a", "a/b", "a,b", "a:1:2", "", "a b"}) {
        CAPTURE(authority);
        const Asked asked(but(":authority", authority));
        REQUIRE(asked.verdict == Verdict::fine);
        CHECK(http::read_target(asked.text.data(), asked.head).refused != nullptr);
    }
}

TEST_CASE("CONNECT has an authority alone; with a protocol that was offered it is a request like others") {
    const Asked plain({{":method", "CONNECT"}, {":authority", "a:443"}});
    REQUIRE(plain.verdict == Verdict::fine);
    CHECK(plain.line() == "CONNECT a:443");
    CHECK(http::read_target(plain.text.data(), plain.head).refused == nullptr);
    const Fields web_socket{
        {":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/s"}, {":authority", "a"}};
    const Asked extended(web_socket, false, true);
    CHECK(extended.verdict == Verdict::fine);
    CHECK(extended.wall.protocol() == "websocket");
    CHECK(extended.line() == "CONNECT /s");
    for (const char* authority : {"a\x80:1", "a b:1", "a#:1"})
        CHECK(Asked({{":method", "CONNECT"}, {":authority", authority}}).verdict == Verdict::malformed);
    Fields other = web_socket, with_length = web_socket;
    other[1].second = "connect-udp";
    CHECK(Asked(other, false, true).verdict == Verdict::bad);
    with_length.emplace_back("content-length", "0");
    CHECK(Asked(with_length, false, true).verdict == Verdict::malformed);
    CHECK(Asked(but(":path", "/")).wall.protocol().empty());
    CHECK(Asked({{":method", "OPTIONS"}, {":scheme", "https"}, {":path", "*"}, {":authority", "a"}}).line() ==
          "OPTIONS *");
}

TEST_CASE("a head has 101 fields and 16 KiB; one more of either is 431") {
    Fields fields;
    while (fields.size() < http::kMaxFields - 1) fields.emplace_back("x", "y");  // and Host
    CHECK(Asked(with(fields)).verdict == Verdict::fine);
    fields.emplace_back("x", "y");
    CHECK(Asked(with(fields)).verdict == Verdict::too_large);
    fields.back() = {"cookie", "a"};
    CHECK(Asked(with(fields)).verdict == Verdict::too_large);

    const Asked empty(with({{"x", ""}}));
    const std::size_t room = http::kMaxHead - empty.head.size;
    CHECK(Asked(with({{"x", std::string(room, 'v')}})).verdict == Verdict::fine);
    CHECK(Asked(with({{"x", std::string(room + 1, 'v')}})).verdict == Verdict::too_large);
    CHECK(Asked(with({{"cookie", std::string(room, 'v')}})).verdict == Verdict::too_large);
    // "cookie" is five octets longer than "x".
    const std::string cookie(room - 5, 'v');
    const Asked large(with({{"cookie", cookie}}));
    REQUIRE(large.verdict == Verdict::fine);
    CHECK(large.lines() == "host: a.example\r\ncookie: " + cookie + "\r\n");
    CHECK(Asked(with({{"cookie", cookie + "v"}})).verdict == Verdict::too_large);
    CHECK(Asked(with({{"cookie", cookie.substr(4)}, {"cookie", "ab"}})).verdict == Verdict::fine);
    CHECK(Asked(with({{"cookie", cookie.substr(4)}, {"cookie", "abc"}})).verdict == Verdict::too_large);
    CHECK(Asked(with({{"cookie", cookie}, {"y", ""}})).verdict == Verdict::too_large);
    CHECK(Asked(but(":path", ("/" + std::string(http::kMaxHead, 'v')).c_str())).verdict == Verdict::too_large);
}

TEST_CASE("the first fault stands, whatever follows") {
    const Asked asked(with({{"connection", "x"}, {"host", "b"}, {"x", std::string(20'000, 'v')}}));
    CHECK(asked.verdict == Verdict::malformed);
    CHECK(std::string(asked.wall.why()) == "a field of one connection");
}
