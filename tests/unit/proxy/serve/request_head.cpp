// What the endpoint is given for what the client sent.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/crank.h"

using namespace switchyard::test;

namespace {

// The head the endpoint gets for this request.
std::string forwarded(const std::string& request, const std::string& route = {}, const std::string& listener = {},
                      const std::string& client_address = "10.1.2.3") {
    ListeningWire endpoint;
    Crank crank(one_route({endpoint.port()}, route, {}, listener));
    Wire client = crank.client(client_address);
    crank.send(client, request);
    Wire connection = crank.accept(endpoint);
    return crank.see(connection, "\r\n\r\n");
}

// The values of all lines of that name, joined by '|'; "-" when there is none.
std::string field(const std::string& head, const std::string& name) {
    std::string out;
    for (auto at = head.find("\r\n" + name + ": "); at != head.npos; at = head.find("\r\n" + name + ": ", at + 1)) {
        const auto begin = at + 2 + name.size() + 2;
        out += (out.empty() ? "" : "|") + head.substr(begin, head.find("\r\n", begin) - begin);
    }
    return out.empty() ? "-" : out;
}

const std::string kTrusting = R"("trusted_proxies": ["10.0.0.0/8"])";

}  // namespace

TEST_CASE("the request line and the fields of the client go on as they came") {
    const auto head =
        forwarded("PATCH /a%20b//c?x=1&y HTTP/1.1\r\nHost: A.example:81\r\nX-One:1\r\nAccept: */*\r\nX-One: 2\r\n\r\n");
    CHECK(head.starts_with("PATCH /a%20b//c?x=1&y HTTP/1.1\r\n"));
    CHECK(field(head, "Host") == "A.example:81");
    CHECK(head.find("X-One:1\r\nAccept: */*\r\nX-One: 2\r\n") != head.npos);
}

TEST_CASE("an absolute target becomes a path, and the asterisk stays one") {
    CHECK(forwarded("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("GET /b?c HTTP/1.1\r\n"));
    CHECK(forwarded("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("OPTIONS * HTTP/1.1\r\n"));
    CHECK(forwarded("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("OPTIONS * HTTP/1.1\r\n"));
}

TEST_CASE("the endpoint learns who asked, through whom and how") {
    const auto head = forwarded("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n");
    CHECK(field(head, "X-Forwarded-For") == "10.1.2.3");
    CHECK(field(head, "X-Forwarded-Proto") == "http");
    CHECK(field(head, "X-Forwarded-Host") == "a:80");
    CHECK(field(head, "Via") == "1.1 switchyard");
    CHECK(field(head, "X-Request-Id").size() == 32);
    CHECK(field(head, "Forwarded") == "-");
    CHECK(field(forwarded("GET / HTTP/1.0\r\n\r\n"), "Via") == "1.0 switchyard");
}

TEST_CASE("a client that is not trusted cannot say who it is") {
    const auto head = forwarded(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nx-forwarded-proto: https\r\nX-Forwarded-Host: "
        "evil\r\n"
        "Forwarded: for=1.1.1.1\r\nX-Request-Id: mine\r\n\r\n");
    CHECK(field(head, "X-Forwarded-For") == "10.1.2.3");
    CHECK(field(head, "X-Forwarded-Proto") == "http");
    CHECK(field(head, "X-Forwarded-Host") == "a");
    CHECK(field(head, "Forwarded") == "-");
    CHECK(field(head, "X-Request-Id") != "mine");
    CHECK(head.find("evil") == head.npos);
    CHECK(head.find("https") == head.npos);
}

TEST_CASE("what a trusted proxy says is kept and extended") {
    const auto head = forwarded(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2\r\nX-Forwarded-Proto: https\r\n"
        "X-Forwarded-Host: public\r\nX-Request-Id: abc-1\r\n\r\n",
        {}, kTrusting);
    CHECK(field(head, "X-Forwarded-For") == "1.1.1.1, 2.2.2.2, 10.1.2.3");
    CHECK(field(head, "X-Forwarded-Proto") == "https");
    CHECK(field(head, "X-Forwarded-Host") == "public");
    CHECK(field(head, "X-Request-Id") == "abc-1");
}

TEST_CASE("several X-Forwarded-For lines are one list in their order") {
    // A proxy may add a line of its own below the client's instead of extending it (HAProxy does).
    const auto head = forwarded(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n\r\n", {}, kTrusting);
    CHECK(field(head, "X-Forwarded-For") == "6.6.6.6, 7.7.7.7, 10.1.2.3");
}

TEST_CASE("the client of a request behind a trusted proxy is the last address that is not trusted") {
    struct Row {
        const char* lines;
        const char* who;  // whose rule must hold
    };
    const Row kRows[] = {
        {"", "10.1.2.3"},
        {"X-Forwarded-For: 7.7.7.7\r\n", "7.7.7.7"},
        {"X-Forwarded-For: 6.6.6.6, 7.7.7.7\r\n", "7.7.7.7"},
        {"X-Forwarded-For: 6.6.6.6, 7.7.7.7, 10.9.9.9\r\n", "7.7.7.7"},
        // What the client wrote itself stands above what the proxy added.
        {"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n", "7.7.7.7"},
        {"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 10.9.9.9\r\n", "6.6.6.6"},
        {"X-Forwarded-For: junk\r\n", "10.1.2.3"},
        {"X-Forwarded-For: 6.6.6.6, junk\r\n", "10.1.2.3"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.lines);
        ListeningWire endpoint;
        Crank crank(one_route(
            {endpoint.port()},
            R"("debug_headers": true, "rules": [{"name": "six", "when": {"client": "6.6.6.6"}, "upstream": "app"},
                                  {"name": "seven", "when": {"client": "7.7.7.7"}, "upstream": "app"},
                                  {"name": "peer", "when": {"client": "10.1.2.3"}, "upstream": "app"}])",
            {}, kTrusting));
        Wire client = crank.client("10.1.2.3");
        crank.send(client, "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(row.lines) + "\r\n");
        Wire connection = crank.accept(endpoint);
        crank.see(connection, "\r\n\r\n");
        crank.send(connection, "HTTP/1.1 204 No Content\r\n\r\n");
        const auto answer = crank.see(client, "\r\n\r\n");
        const std::string rule = std::string(row.who) == "6.6.6.6"   ? "six"
                                 : std::string(row.who) == "7.7.7.7" ? "seven"
                                                                     : "peer";
        CHECK(answer.find("rule=" + rule) != answer.npos);
    }
}

TEST_CASE("what was meant for this connection alone stays here") {
    const auto head = forwarded(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nTE: "
        "trailers\r\n"
        "Trailer: X\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nProxy: "
        "http://evil/\r\nX-Stays: 1\r\n\r\n");
    for (const char* name : {"X-Hop", "Keep-Alive", "TE", "Trailer", "Proxy-Connection", "Upgrade", "HTTP2-Settings",
                             "Proxy", "Connection"}) {
        CAPTURE(name);
        CHECK(field(head, name) == "-");
    }
    CHECK(field(head, "X-Stays") == "1");
}

TEST_CASE("a route's edits replace, add and remove, whatever the case") {
    const auto head =
        forwarded("GET / HTTP/1.1\r\nHost: a\r\nx-env: test\r\nX-DEBUG: 1\r\nX-Kept: 1\r\n\r\n",
                  R"("request_headers": {"set": {"X-Env": "prod"}, "add": {"X-Kept": "2"}, "remove": ["X-Debug"]})");
    CHECK(field(head, "X-Env") == "prod");
    CHECK(head.find("x-env") == head.npos);
    CHECK(head.find("X-DEBUG") == head.npos);
    CHECK(field(head, "X-Kept") == "1|2");
}

TEST_CASE("what belongs to the request is filled into the route's headers, and other braces mean themselves") {
    const std::string edits =
        R"("request_headers": {"set": {"X-Real-IP": "{client}", "X-Mixed": "{host}|{target}|{request_id}!",
                                                     "X-Json": "{\"a\": {}}", "X-Two": "{client}{client}"}})";
    const auto head = forwarded(
        "GET /a%20b?c=1 HTTP/1.1\r\nHost: A.Example:81\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.1\r\n"
        "X-Request-Id: r-1\r\n\r\n",
        edits, kTrusting);
    CHECK(field(head, "X-Real-IP") == "192.0.2.1");
    CHECK(field(head, "X-Mixed") == "a.example|/a%20b?c=1|r-1!");
    CHECK(field(head, "X-Json") == R"({"a": {}})");
    CHECK(field(head, "X-Two") == "192.0.2.1192.0.2.1");
    CHECK(field(forwarded("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n", edits), "X-Real-IP") ==
          "10.1.2.3");
}

TEST_CASE("a prefix is stripped or replaced") {
    struct Row {
        const char* target;
        const char* rewrite;
        const char* expected;
    };
    const std::string strip = R"("match": {"path_prefix": "/api"}, "strip_prefix": "/api")";
    const std::string replace = strip + R"(, "replace_prefix": "/v2")";
    const std::string slash = strip + R"(, "replace_prefix": "/v2/")";
    CHECK(forwarded("GET /api/x?y HTTP/1.1\r\nHost: a\r\n\r\n", strip).starts_with("GET /x?y HTTP/1.1\r\n"));
    CHECK(forwarded("GET /api HTTP/1.1\r\nHost: a\r\n\r\n", strip).starts_with("GET / HTTP/1.1\r\n"));
    CHECK(forwarded("GET /api?y HTTP/1.1\r\nHost: a\r\n\r\n", strip).starts_with("GET /?y HTTP/1.1\r\n"));
    CHECK(forwarded("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n", replace).starts_with("GET /v2/x HTTP/1.1\r\n"));
    CHECK(forwarded("GET /api HTTP/1.1\r\nHost: a\r\n\r\n", replace).starts_with("GET /v2 HTTP/1.1\r\n"));
    CHECK(forwarded("GET /api?y HTTP/1.1\r\nHost: a\r\n\r\n", replace).starts_with("GET /v2?y HTTP/1.1\r\n"));
    CHECK(forwarded("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n", slash).starts_with("GET /v2/x HTTP/1.1\r\n"));
    CHECK(forwarded("GET /api HTTP/1.1\r\nHost: a\r\n\r\n", slash).starts_with("GET /v2/ HTTP/1.1\r\n"));
}

TEST_CASE("a path that reaches a route only when normalized is not passed on with its prefix") {
    const std::string strip = R"("match": {"path_prefix": "/api"}, "strip_prefix": "/api")";
    for (const char* path : {"/x/../api/y", "//api/y", "/%61pi/y", "/./api/y"}) {
        CAPTURE(path);
        const auto head = forwarded("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n", strip);
        CHECK(head.starts_with("GET /y HTTP/1.1\r\n"));
    }
}

TEST_CASE("Max-Forwards counts down, and whoever gets zero answers") {
    CHECK(field(forwarded("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 3\r\n\r\n"), "Max-Forwards") == "2");
    CHECK(field(forwarded("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n"), "Max-Forwards") == "0");
    CHECK(field(forwarded("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n"), "Max-Forwards") == "0");
    // More than fits a number is as good as the most that does.
    CHECK(field(forwarded("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 99999999999999999999\r\n\r\n"), "Max-Forwards")
              .size() >= 18);
    CHECK(field(forwarded("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0010\r\n\r\n"), "Max-Forwards") == "9");
    for (const char* method : {"OPTIONS", "TRACE"}) {
        for (const auto& [lines, status] : std::initializer_list<std::pair<const char*, const char*>>{
                 {"Max-Forwards: 0", "405"},
                 {"Max-Forwards: 00", "405"},
                 {"Max-Forwards: -1", "400"},
                 {"Max-Forwards: x", "400"},
                 {"Max-Forwards:", "400"},
                 {"Max-Forwards: 5\r\nMax-Forwards: 0", "400"}}) {
            CAPTURE(method);
            CAPTURE(std::string(lines));
            ListeningWire endpoint;
            Crank crank(one_route({endpoint.port()}));
            Wire client = crank.client();
            crank.send(client, std::string(method) + " / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n");
            CHECK_FALSE(endpoint.accept().is_open());
            CHECK(crank.see(client, "\r\n\r\n").starts_with(std::string("HTTP/1.1 ") + status));
        }
    }
}

TEST_CASE("RFC 7239 is spoken when the listener says so") {
    const auto v4 = forwarded("GET / HTTP/1.1\r\nHost: a:81\r\n\r\n", {}, R"("forwarded": true)");
    CHECK(field(v4, "Forwarded") == "for=10.1.2.3;proto=http;host=\"a:81\"");
    const auto v6 = forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n", {}, R"("forwarded": true)", "2001:db8::1");
    CHECK(field(v6, "Forwarded") == "for=\"[2001:db8::1]\";proto=http;host=\"a\"");
}

TEST_CASE("HTTP/1.0 without a host gets the endpoint's address as one") {
    ListeningWire endpoint;
    Crank crank(one_route({endpoint.port()}));
    Wire client = crank.client();
    crank.send(client, "GET / HTTP/1.0\r\n\r\n");
    Wire connection = crank.accept(endpoint);
    CHECK(field(crank.see(connection, "\r\n\r\n"), "Host") == "127.0.0.1:" + std::to_string(endpoint.port()));
    CHECK(field(forwarded("GET http://a.example:81/ HTTP/1.0\r\n\r\n"), "Host") == "a.example:81");
}

TEST_CASE("the framing that goes on is one, and the body behind it is the client's") {
    struct Row {
        const char* fields;
        const char* body;
        const char* length;
        const char* coding;
    };
    const Row kRows[] = {{"Content-Length: 5\r\n", "hello", "5", "-"},
                         {"Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", "-", "chunked"},
                         {"Content-Length: 0\r\n", "", "0", "-"},
                         {"", "", "-", "-"}};
    for (const Row& row : kRows) {
        CAPTURE(row.fields);
        const auto head = forwarded("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(row.fields) + "\r\n" + row.body);
        CHECK(field(head, "Content-Length") == row.length);
        CHECK(field(head, "Transfer-Encoding") == row.coding);
        CHECK(head.ends_with(std::string("\r\n\r\n") + row.body));
    }
}
