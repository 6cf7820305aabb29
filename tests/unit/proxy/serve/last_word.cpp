// A route's header edits are the last word: nothing stands beside or against them, our own lines included.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kTrusting = R"("trusted_proxies": ["10.0.0.0/8", "unix"])";

// The head the endpoint gets.
std::string sent_on(const std::string& request, const std::string& route = {}, const std::string& listener = {},
                    std::string_view client_address = "10.1.2.3") {
    Stage stage(1, route, {}, listener);
    Wire client = stage.client(client_address);
    stage.crank->send(client, request);
    Wire connection = stage.accept();
    return stage.crank->see(connection, "\r\n\r\n");
}

// The head the client gets for what this endpoint answers.
std::string given(const std::string& route, const std::string& answer) {
    Stage stage(1, route);
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, answer);
    return stage.crank->see(client, "\r\n\r\n");
}

// What a proxy with this route and without a living endpoint answers.
std::string own(const std::string& route, const std::string& request = kGet) {
    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {"none": {"endpoints": []}},
                    "routes": [{"name": "all", )" +
                route + "}]}");
    Wire client = crank.client("192.0.2.1");
    crank.send(client, request);
    return crank.see(client, "\r\n\r\n");
}

const char* const kOwnNames[] = {
    "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded", "X-Request-Id", "Via",
    "Max-Forwards"};

}  // namespace

TEST_CASE("set puts one line in place of ours and of the client's, remove leaves none") {
    const std::string listener = kTrusting + R"(, "forwarded": true)";
    for (const bool trusted : {true, false}) {
        for (const std::string name : kOwnNames) {
            CAPTURE(trusted);
            CAPTURE(name);
            const std::string request = "OPTIONS / HTTP/1.1\r\nHost: a\r\n" + name + ": " +
                                        (name == "Max-Forwards" ? "7" : "6.6.6.6") + "\r\nX-Other: 1\r\n\r\n";
            const std::string peer = trusted ? "10.1.2.3" : "192.0.2.9";
            const std::string set = R"("request_headers": {"set": {")" + name + R"(": "mine"}})";
            CHECK(values(sent_on(request, set, listener, peer), name) == "mine");
            const std::string remove = R"("request_headers": {"remove": [")" + name + R"("]})";
            CHECK(values(sent_on(request, remove, listener, peer), name) == "-");
            CHECK(values(sent_on(request, remove, listener, peer), "X-Other") == "1");
        }
    }
}

TEST_CASE("a second spelling of an edited name does not survive beside it") {
    const auto head = sent_on("GET / HTTP/1.1\r\nHost: a\r\nX_User: root\r\nx-user: root\r\nX-User-Id: 1\r\n\r\n",
                              R"("request_headers": {"set": {"X-User": "nobody"}})");
    CHECK(values(head, "X-User") == "nobody");
    CHECK(head.find("root") == head.npos);
    CHECK(values(head, "X-User-Id") == "1");
}

TEST_CASE("there is never more than one Host") {
    const std::string set = R"("request_headers": {"set": {"Host": "inner.example"}})";
    const std::string filled = R"("request_headers": {"set": {"Host": "{host}"}})";
    for (const char* request : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
                                "GET http://a/ HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nHost: a\r\n\r\n"}) {
        CAPTURE(request);
        CHECK(values(sent_on(request, set), "Host") == "inner.example");
        const auto host = values(sent_on(request, filled), "Host");
        CHECK(host.find('|') == host.npos);
        if (std::string(request).find('a') != std::string::npos)
            CHECK(host == "a");
        else
            CHECK(host.starts_with("127.0.0.1:"));  // the endpoint's: an empty one would be refused by many
    }
}

TEST_CASE("a port of ours never contradicts an edited scheme or host") {
    const std::string https = R"("request_headers": {"set": {"X-Forwarded-Proto": "https"}})";
    CHECK(values(sent_on(kGet, https), "X-Forwarded-Port") == "-");
    CHECK(values(sent_on(kGet, R"("request_headers": {"set": {"X-Forwarded-Host": "b"}})"), "X-Forwarded-Port") == "-");
    CHECK(values(
              sent_on(kGet, R"("request_headers": {"set": {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"}})"),
              "X-Forwarded-Port") == "443");
    const std::string said = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Port: 8443\r\n\r\n";
    CHECK(values(sent_on(said, https, kTrusting), "X-Forwarded-Port") == "8443");
    CHECK(values(sent_on(said, https), "X-Forwarded-Port") == "-");
}

TEST_CASE("the port is that of what the client asked for") {
    struct Row {
        const char* lines;
        const char* port;
        const char* untrusted;
    };
    const Row kRows[] = {
        {"Host: a\r\n", "80", "80"},
        {"Host: a:8080\r\n", "8080", "8080"},
        {"Host: a:\r\n", "80", "80"},
        {"Host: [::1]\r\n", "80", "80"},
        {"Host: [::1]:81\r\n", "81", "81"},
        {"Host: a\r\nX-Forwarded-Proto: https\r\n", "443", "80"},
        {"Host: a:8080\r\nX-Forwarded-Proto: https\r\n", "8080", "8080"},
        {"Host: a:8080\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n", "443", "8080"},
        {"Host: a:8080\r\nX-Forwarded-Host: b:99\r\n", "99", "8080"},
        {"Host: a\r\nX-Forwarded-Host: [::1]\r\n", "80", "80"},
        {"Host: a\r\nX-Forwarded-Port: 8443\r\n", "8443", "80"},
        {"Host: a\r\nForwarded: for=1.2.3.4;proto=https\r\n", "443", "80"},
        {"Host: a\r\nX-Forwarded-Proto: https, http\r\n", "443", "80"},
        {"Host: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b:8443, c\r\n", "8443", "80"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.lines);
        const std::string request = "GET / HTTP/1.1\r\n" + std::string(row.lines) + "\r\n";
        CHECK(values(sent_on(request, {}, kTrusting), "X-Forwarded-Port") == row.port);
        CHECK(values(sent_on(request), "X-Forwarded-Port") == row.untrusted);
    }
    CHECK(values(sent_on("GET http://a:81/ HTTP/1.0\r\n\r\n"), "X-Forwarded-Port") == "81");
}

TEST_CASE("who named no host is not said to have named one") {
    const auto head = sent_on("GET / HTTP/1.0\r\n\r\n", {}, R"("forwarded": true)");
    CHECK(values(head, "Host").starts_with("127.0.0.1:"));
    CHECK(values(head, "X-Forwarded-Host") == "-");
    CHECK(values(head, "X-Forwarded-Port") == "-");
    CHECK(values(head, "Forwarded") == "for=10.1.2.3;proto=http");
}

TEST_CASE("what strangers claim about a request goes no further, what trusted peers say does") {
    const char* const kClaims[] = {"X-Real-IP",
                                   "True-Client-IP",
                                   "X-Client-IP",
                                   "X-Cluster-Client-IP",
                                   "CF-Connecting-IP",
                                   "Fastly-Client-IP",
                                   "Client-IP",
                                   "X-Forwarded",
                                   "X-Forwarded-Port",
                                   "X-Forwarded-Ssl",
                                   "X-Forwarded-User",
                                   "X-Forwarded-Server",
                                   "X-Forwarded-Prefix",
                                   "X-Forwarded-Scheme",
                                   "Front-End-Https",
                                   "X-Scheme",
                                   "X-Url-Scheme",
                                   "X-Original-URL",
                                   "X-Original-Host",
                                   "X-Rewrite-URL",
                                   "X-Envoy-External-Address",
                                   "X-Forwarded-Client-Cert",
                                   "x_real_ip",
                                   "X_Forwarded_Prefix"};
    for (const std::string name : kClaims) {
        CAPTURE(name);
        const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n" + name + ": forged\r\nX-Two: 2\r\n\r\n";
        const auto stranger = sent_on(request);
        CHECK(stranger.find("forged") == stranger.npos);
        CHECK(stranger.find("X-One: 1\r\nX-Two: 2\r\n") != stranger.npos);
        // With underscores it is not meant: see framing.
        const bool plain = name.find('_') == name.npos;
        CHECK((sent_on(request, {}, kTrusting).find(name + ": forged\r\n") != std::string::npos) == plain);
    }
}

TEST_CASE("the list that goes on is the one that counts, and names the client") {
    struct Row {
        const char* header;
        const char* lines;
        const char* list;
        const char* forwarded;
    };
    const Row kRows[] = {
        {"", "X-Forwarded-For: 203.0.113.7:5, \r\nX-Forwarded-For: ,\r\n", "203.0.113.7:5, 10.1.2.3", "-"},
        {"", "Forwarded: for=203.0.113.7\r\n", "203.0.113.7, 10.1.2.3", "for=203.0.113.7"},
        {"", "Forwarded: proto=https;for=203.0.113.7\r\n", "203.0.113.7, 10.1.2.3", "proto=https;for=203.0.113.7"},
        {"X-Real-IP", "X-Real-IP: 203.0.113.7\r\n", "203.0.113.7, 10.1.2.3", "-"},
        {"X-Real-IP", "X-Real-IP: 203.0.113.7\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n",
         "203.0.113.7, 10.1.2.3", "-"},
        {"X-Real-IP", "X-Forwarded-For: 6.6.6.6\r\n", "10.1.2.3", "-"},
        {"Forwarded", "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=203.0.113.7\r\n", "203.0.113.7, 10.1.2.3",
         "for=203.0.113.7"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.header);
        CAPTURE(row.lines);
        const auto head = sent_on("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(row.lines) + "\r\n",
                                  R"("request_headers": {"set": {"X-Who": "{client}"}})",
                                  kTrusting + R"(, "client_header": ")" + row.header + "\"");
        CHECK(values(head, "X-Forwarded-For") == row.list);
        CHECK(values(head, "X-Forwarded-Proto") ==
              (std::string(row.lines).find("proto=https") < 99 ? "https" : "http"));
        CHECK(values(head, "Forwarded") == row.forwarded);
        CHECK(values(head, "X-Who") == (std::string(row.list).find("203") == 0 ? "203.0.113.7" : "10.1.2.3"));
    }
}

TEST_CASE("peers of a unix socket have no address, and may be trusted") {
    const std::string said =
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n\r\n";
    const std::string who = R"("request_headers": {"set": {"X-Who": "{client}"}})";
    const std::string listener = kTrusting + R"(, "forwarded": true)";
    const auto believed = sent_on(said, who, listener, "unix");
    CHECK(values(believed, "X-Forwarded-For") == "203.0.113.7");
    CHECK(values(believed, "X-Forwarded-Proto") == "https");
    CHECK(values(believed, "X-Who") == "203.0.113.7");
    const auto stranger = sent_on(said, who, R"("forwarded": true)", "unix");
    CHECK(values(stranger, "X-Forwarded-For") == "unknown");
    CHECK(values(stranger, "X-Forwarded-Proto") == "http");
    CHECK(values(stranger, "X-Who") == "unknown");
    CHECK(values(stranger, "Forwarded") == "for=unknown;proto=http;host=\"a\"");
}

TEST_CASE("response edits go before what the proxy would add") {
    const std::string edits =
        R"("debug_headers": true, "response_headers": {"set": {"Date": "then"}, "remove": ["X-Switchyard"]})";
    for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 0\r\ndate: now\r\n\r\n"}) {
        const auto head = given(edits, answer);
        CHECK(values(head, "Date") == "then");
        CHECK(values(head, "X-Switchyard") == "-");
    }
    CHECK(values(given(R"("response_headers": {"remove": ["Date"]})", "HTTP/1.1 204 No Content\r\n\r\n"), "Date") ==
          "-");
}

TEST_CASE("the proxy's own answers get the route's edits") {
    const std::string edits =
        R"("response_headers": {"set": {"Access-Control-Allow-Origin": "*", "Content-Type": "text/x-own", "X-Who": "{client}"},
                                "add": {"Vary": "Origin"}, "remove": ["x-request-id", "Retry-After"]}, )";
    struct Row {
        const char* route;
        const char* request;
        const char* status;
    };
    const Row kRows[] = {
        {R"("respond": {"status": 401, "body": "no"})", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "401"},
        {R"("redirect": {"to": "https://{host}{path}"})", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "308"},
        {R"("split": {"none": 1})", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "503"},
        {R"("split": {"none": 1}, "limits": {"body": 1})", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n",
         "413"},
        {R"("split": {"none": 1})", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "405"},
        {R"("split": {"none": 1}, "rules": [{"name": "r", "when": {"path": true, "prefix": "/"}, "respond": {"status": 403, "body": "x"}}])",
         "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "403"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.route);
        const auto head = own(edits + row.route, row.request);
        CHECK(status_of(head) == row.status);
        CHECK(values(head, "Access-Control-Allow-Origin") == "*");
        CHECK(values(head, "Content-Type") == "text/x-own");
        CHECK(values(head, "X-Who") == "192.0.2.1");
        CHECK(values(head, "Vary") == "Origin");
        CHECK(values(head, "X-Request-Id") == "-");
        CHECK(values(head, "Retry-After") == "-");
        CHECK(values(head, "Date") != "-");
        CHECK(values(head, "Content-Length") != "-");
    }
    // Behind a limit: the answer that a browser must be able to read.
    Stage stage(1, edits + R"("limits": {"rate": {"requests": 1, "per": "1h"}})");
    Wire client = stage.client();
    Wire connection = stage.kept_connection(client);
    stage.crank->send(client, kGet);
    const auto refused = stage.crank->see(client, "\r\n\r\n");
    CHECK(status_of(refused) == "429");
    CHECK(values(refused, "Access-Control-Allow-Origin") == "*");
    // No route, no edits.
    CHECK(values(own(edits + R"("match": {"hosts": ["b"]}, "respond": {"status": 200})"), "Vary") == "-");
}

TEST_CASE("an edited answer of any size is whole") {
    const std::string body(60'000, 'x');
    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "routes": [{"name": "all",
        "response_headers": {"set": {"X-Target": "{target}"}}, "respond": {"status": 200, "body": ")" +
                body + "\"}}]}");
    const std::string path = "/" + std::string(12'000, 'p');
    Wire client = crank.client();
    crank.send(client, "GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto seen = crank.see_end(client);
    CHECK(values(seen, "X-Target") == path);
    CHECK(values(seen, "Content-Length") == "60000");
    CHECK(seen.ends_with("\r\n\r\n" + body));
}
