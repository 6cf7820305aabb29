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
    const auto without = answer(to, "GET /a HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    CHECK(without.find("\r\nLocation: https://shop.example/a\r\n") != without.npos);
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
