// Answers of a route's own: redirects and fixed responses, and the edits of what endpoints answer.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

std::string answering(const std::string& route) {
    return R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "routes": [{"name": "all", )" + route + "}]}";
}

std::string answer(const std::string& route, const std::string& request) {
    Crank crank(answering(route));
    Wire client = crank.client();
    crank.send(client, request);
    return crank.see(client, "\r\n\r\n");
}

}  // namespace

TEST_CASE("a redirect puts the request's host, path and query where they belong") {
    const std::string to = R"("redirect": {"to": "https://{host}{path}?{query}", "status": 301})";
    const auto seen = answer(to, "GET /a/b?c=d HTTP/1.1\r\nHost: Shop.Example\r\n\r\n");
    CHECK(status_of(seen) == "301");
    CHECK(seen.find("\r\nLocation: https://shop.example/a/b?c=d\r\n") != seen.npos);
    CHECK(seen.find("\r\nConnection: close\r\n") == seen.npos);
    CHECK(status_of(answer(R"("redirect": {"to": "https://other.example"})", kGet)) == "308");
    const auto more = R"("redirect": {"to": "https://new.example{path}?a=1&{query}"})";
    CHECK(values(answer(more, "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n"), "Location") == "https://new.example/a?a=1&b");
    CHECK(values(answer(more, kGet), "Location") == "https://new.example/?a=1");
    CHECK(values(answer(more, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "Location") == "https://new.example/?a=1");
    // What clients send raw in a query has no place in a URL.
    CHECK(values(answer(to, "GET /?p=C:\\x&q=\"<b>\" HTTP/1.1\r\nHost: a\r\n\r\n"), "Location") ==
          "https://a/?p=C:%5Cx&q=%22%3Cb%3E%22");
    const auto without = answer(to, "GET /a HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    CHECK(without.find("\r\nLocation: https://shop.example/a\r\n") != without.npos);
}

TEST_CASE("a fixed response has the phrase of its status, or none") {
    for (const char* line : {"401 Unauthorized", "418 I'm a teapot", "201 Created", "599 "}) {
        const std::string status(line, 3);
        CHECK(answer(R"("respond": {"status": )" + status + "}", kGet)
                  .starts_with("HTTP/1.1 " + std::string(line) + "\r\n"));
    }
}

TEST_CASE("a request that has come by too often goes in a circle") {
    const std::string respond = R"("respond": {"status": 200})";
    std::string via;
    for (int i = 0; i < 10; ++i) via += "Via: 1.1 switchyard\r\n";
    CHECK(status_of(answer(respond, "GET / HTTP/1.1\r\nHost: a\r\n" + via + "\r\n")) == "200");
    const auto seen = answer(respond, "GET / HTTP/1.1\r\nHost: a\r\n" + via + "Via: 1.1 switchyard\r\n\r\n");
    CHECK(seen.starts_with("HTTP/1.1 508 Loop Detected\r\n"));
}

TEST_CASE("a host's final dot and its case make no difference to the route") {
    const std::string route = R"("match": {"hosts": ["shop.example"]}, "respond": {"status": 200, "body": "ok"})";
    for (const char* host : {"shop.example", "shop.example.", "SHOP.Example.:80", "shop.example:8080"}) {
        CAPTURE(host);
        CHECK(status_of(answer(route, std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n")) == "200");
    }
    for (const char* host : {"shop.example..", "."}) {
        CAPTURE(host);
        CHECK(status_of(answer(route, std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n")) == "404");
    }
}

TEST_CASE("a fixed response is the route's, with its type, and HEAD gets its head alone") {
    const std::string respond =
        R"("respond": {"status": 200, "body": "{\"ok\":true}", "content_type": "application/json"})";
    Crank crank(answering(respond));
    Wire client = crank.client();
    crank.send(client, kGet);
    const auto seen = crank.see(client, "{\"ok\":true}");
    CHECK(status_of(seen) == "200");
    CHECK(seen.find("\r\nContent-Type: application/json\r\nContent-Length: 11\r\n") != seen.npos);
    client.take();
    // The connection is kept, and nothing but the head of the next answer is on it.
    crank.send(client, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(crank.see(client, "\r\n\r\n").ends_with("\r\n\r\n"));
    CHECK(client.seen.find("\r\nContent-Length: 11\r\n") != client.seen.npos);
}

TEST_CASE("a rule answers by itself, before the split and before the route's own answer") {
    const std::string rules =
        R"("rules": [{"name": "closed", "when": {"path": true, "prefix": "/admin"},
                      "respond": {"status": 403, "body": "closed"}}], )";
    Stage stage(1, rules.substr(0, rules.size() - 2));
    Wire refused = stage.client();
    stage.crank->send(refused, "GET /admin/x HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(status_of(stage.crank->see(refused, "closed")) == "403");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    stage.accept();

    const std::string redirect = rules + R"("redirect": {"to": "https://{host}{path}"})";
    CHECK(status_of(answer(redirect, "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n")) == "403");
    CHECK(status_of(answer(redirect, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n")) == "308");
}

TEST_CASE("a rule takes a request out of a route that answers by itself") {
    ListeningWire endpoint;
    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"app": {"endpoints": [{"address": "127.0.0.1:)" +
                std::to_string(endpoint.port()) + R"("}], "health": {"type": "none"}}},
        "routes": [{"name": "all", "respond": {"status": 501},
                    "rules": [{"name": "api", "when": {"path": true, "matches": "^/v[0-9]/"}, "upstream": "app"}]}]})");
    Wire client = crank.client();
    crank.send(client, "GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n");
    Wire taken = crank.accept(endpoint);
    crank.see(taken, "\r\n\r\n");
    crank.send(taken, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    CHECK(status_of(crank.see(client, "ok")) == "200");
    client.take();
    crank.send(client, kGet);
    CHECK(status_of(crank.see(client, "\r\n\r\n")) == "501");
}

TEST_CASE("what came to another listener finds no route, also when its name has a route elsewhere") {
    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}, {"name": "inner", "bind": "127.0.0.1:0"}],
        "routes": [{"name": "admin", "match": {"hosts": ["a"], "listeners": ["inner"]}, "respond": {"status": 200}},
                   {"name": "rest", "match": {"listeners": ["web"], "path_prefix": "/x"}, "respond": {"status": 204}}]})");
    Wire client = crank.client();  // of the first listener
    crank.send(client, kGet);
    CHECK(status_of(crank.see(client, "\r\n\r\n")) == "404");
    client.take();
    crank.send(client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(status_of(crank.see(client, "\r\n\r\n")) == "204");
}

TEST_CASE("edits of responses replace, add and remove, whatever the case") {
    Stage stage(1, R"("response_headers": {"set": {"X-Frame-Options": "DENY"}, "add": {"Vary": "Cookie"},
                                           "remove": ["Server"]})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire endpoint = stage.accept();
    stage.crank->send(endpoint,
                      "HTTP/1.1 200 OK\r\nserver: secret/1.0\r\nX-FRAME-options: ALLOW\r\nVary: Accept\r\nKept: yes\r\n"
                      "Content-Length: 2\r\n\r\nok");
    const auto seen = stage.crank->see(client, "ok");
    CHECK(seen.find("secret") == seen.npos);
    CHECK(seen.find("ALLOW") == seen.npos);
    CHECK(seen.find("\r\nX-Frame-Options: DENY\r\n") != seen.npos);
    CHECK(seen.find("\r\nVary: Accept\r\n") != seen.npos);
    CHECK(seen.find("\r\nVary: Cookie\r\n") != seen.npos);
    CHECK(seen.find("\r\nKept: yes\r\n") != seen.npos);
}

TEST_CASE("CDN-Loop: each request gets the listener's name, and one that has it already has been here: 508") {
    Stage stage(1, {}, {}, R"("cdn_loop": "Edge-shop")");
    Wire client = stage.client();
    stage.crank->send(client,
                      "GET / HTTP/1.1\r\nHost: a\r\nCDN-Loop: other; v=1, edge-shop.example, edge-shops\r\n\r\n");
    Wire endpoint = stage.accept();
    const auto seen = stage.crank->see(endpoint, "\r\n\r\n");
    CHECK(values(seen, "CDN-Loop") == "other; v=1, edge-shop.example, edge-shops|Edge-shop");
    stage.crank->send(endpoint, kOk);
    stage.crank->see(client, "ok");
    for (const std::string value : {"edge-shop", "a,EDGE-SHOP ;v=1", "a, b\r\ncdn-loop: edge-shop"}) {
        CAPTURE(value);
        Wire back = stage.client();
        stage.crank->send(back, "GET / HTTP/1.1\r\nHost: a\r\nCDN-Loop: " + value + "\r\n\r\n");
        CHECK(status_of(stage.crank->see(back, "}\n")) == "508");
    }
    // Where nothing is said it is a field like others.
    Stage plain;
    Wire other = plain.client();
    plain.crank->send(other, "GET / HTTP/1.1\r\nHost: a\r\nCDN-Loop: switchyard\r\n\r\n");
    Wire there = plain.accept();
    CHECK(values(plain.crank->see(there, "\r\n\r\n"), "CDN-Loop") == "switchyard");
}

TEST_CASE("a listener may take smaller heads and fewer fields than there is room for: 431") {
    const std::string small = R"("max_head": "1KiB", "max_fields": 10)";
    const auto answer_to = [&](const std::string& lines) {
        Stage stage(1, {}, {}, small);
        Wire client = stage.client(), endpoint;
        stage.crank->send(client, "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
        stage.crank->until("an answer, or a request", [&] {
            endpoint = stage.endpoints[0]->accept();
            client.read();
            return endpoint.is_open() || !client.seen.empty();
        });
        return endpoint.is_open() ? "200" : status_of(client.seen);
    };
    std::string nine;
    for (int i = 0; i < 9; ++i) nine += "X-" + std::to_string(i) + ": 1\r\n";
    CHECK(answer_to(nine) == "200");
    CHECK(answer_to(nine + "X-9: 1\r\n") == "431");
    const std::size_t fixed = std::string("GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n").size();
    CHECK(answer_to("X: " + std::string(1024 - fixed, 'y') + "\r\n") == "200");
    CHECK(answer_to("X: " + std::string(1025 - fixed, 'y') + "\r\n") == "431");
}
