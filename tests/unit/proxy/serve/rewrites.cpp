// What path an endpoint is asked for where the route rewrites it, and what groups of expressions come to elsewhere.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

std::string get_target(const std::string& target, const std::string& host = "a.example") {
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

// The head that the endpoint gets.
std::string head_sent(const std::string& route, const std::string& target, const std::string& host = "a.example") {
    Stage stage(1, route);
    Wire client = stage.client();
    stage.crank->send(client, get_target(target, host));
    Wire connection = stage.accept();
    return stage.crank->see(connection, "\r\n\r\n");
}

std::string sent_path(const std::string& route, const std::string& target) {
    const std::string head = head_sent(route, target);
    return head.substr(4, head.find(" HTTP/") - 4);
}

std::string head_of_answer(const std::string& route, const std::string& target) {
    Stage stage(1, route);
    Wire client = stage.client();
    stage.crank->send(client, get_target(target));
    return stage.crank->see(client, "\r\n\r\n");
}

// A route that has no split.
std::string without_split(const std::string& route, std::uint16_t port = 9) {
    const std::string split = R"(, "split": {"app": 1})";
    std::string config = one_route({port}, route);
    return config.erase(config.find(split), split.size());
}

std::string answered_without_split(const std::string& route, const std::string& target) {
    Crank crank(without_split(route));
    Wire client = crank.client();
    crank.send(client, get_target(target));
    return crank.see(client, "\r\n\r\n");
}

}  // namespace

TEST_CASE("the first expression that matches says what path is sent on") {
    const std::string route =
        R"("rewrite": [{"matches": "^/item/(\\d+)$", "to": "/show?id={1}&{query}"}, {"matches": "^/a(/.*)$", "to": "{1}"},
                       {"matches": "^/bare/", "to": "/b?"}, {"matches": "^/h$", "to": "/of/{host}{path}"}])";
    CHECK(sent_path(route, "/item/5?a=b") == "/show?id=5&a=b");
    CHECK(sent_path(route, "/item/5") == "/show?id=5");
    CHECK(sent_path(route, "/item/x?a") == "/item/x?a");
    CHECK(sent_path(route, "/a/b/c?q=1") == "/b/c?q=1");
    CHECK(sent_path(route, "/bare/x?q=1") == "/b");
    CHECK(sent_path(route, "/h?q") == "/of/a.example/h?q");
    CHECK(sent_path(R"c("match": {"path_matches": "^/u/(\\w+)"}, "rewrite": [{"to": "/users/{1}"}])c", "/u/ann/x?y") ==
          "/users/ann?y");
}

TEST_CASE("what a group took is escaped anew, and never climbs") {
    const std::string route = R"("rewrite": [{"matches": "^/x(.*)$", "to": "/y/{1}"}])";
    CHECK(sent_path(route, "/xa%20b%0dX:%20y?q") == "/y/a%20b%0DX:%20y?q");
    // A line's end is no character to '.', as in nginx.
    CHECK(sent_path(route, "/xa%0aX:%20y?q") == "/xa%0aX:%20y?q");
    CHECK(sent_path(R"("rewrite": [{"matches": "(?s)^/x(.*)$", "to": "/y/{1}"}])", "/xa%0aX?q") == "/y/a%0AX?q");
    CHECK(sent_path(route, "/x%3fa%25") == "/y/%3Fa%25");
    for (const std::string target : {"/x../secret", "/x..", "/x%2e%2e/secret", "/x./a"}) {
        CAPTURE(target);
        const std::string answer = head_of_answer(route, target);
        CHECK(status_of(answer) == "400");
    }
}

TEST_CASE("what is filled in behind the mark of a query stays data") {
    const std::string rewrite = R"("rewrite": [{"matches": "(?s)^/u/(.*)$", "to": "/of/{1}?id={1}"}])";
    CHECK(sent_path(rewrite, "/u/a%26role=admin") == "/of/a&role=admin?id=a%26role%3Dadmin");
    CHECK(sent_path(rewrite, "/u/a+b;c%23%25%20%0d%0ax%3f") ==
          "/of/a+b;c%23%25%20%0D%0Ax%3F?id=a%2Bb%3Bc%23%25%20%0D%0Ax%3F");
    CHECK(sent_path(R"("rewrite": [{"matches": "^/u/(.*)$", "to": "/of?{query}&id={1}"}])", "/u/a%26b?q=1") ==
          "/of?q=1&id=a%26b");
    CHECK(values(answered_without_split(
                     R"c("match": {"path_matches": "^/u/(.*)$"}, "redirect": {"to": "/login?id={1}&back={path}"})c",
                     "/u/a%26b=c&d"),
                 "Location") == "/login?id=a%26b%3Dc%26d&back=/u/a%26b%3Dc%26d");
    CHECK(values(answered_without_split(R"("redirect": {"to": "https://{host}{path}?{query}"})", "/a&b=c?d=e&f=g"),
                 "Location") == "https://a.example/a&b=c?d=e&f=g");
}

TEST_CASE("a redirect to a path of ours leads to no other host") {
    CHECK(values(answered_without_split(R"c("match": {"path_matches": "^/ro(.*)$"}, "redirect": {"to": "/{1}"})c",
                                        "/ro/evil.example/x"),
                 "Location") == "/evil.example/x");
    CHECK(
        values(answered_without_split(R"c("match": {"path_matches": "^/ro(.*)$"}, "redirect": {"to": "/{1}"})c", "/ro"),
               "Location") == "/");
}

TEST_CASE("groups stand in redirects and in edited headers") {
    CHECK(values(answered_without_split(
                     R"("match": {"path_matches": "^/old/(.*)$"}, "redirect": {"to": "/new/{1}?{query}"})",
                     "/old/a%0db?c=1"),
                 "Location") == "/new/a%0Db?c=1");
    const std::string head = head_sent(
        R"c("match": {"host_matches": "^(\\w+)\\.example$", "path_matches": "/(x+)"}, "request_headers":
            {"set": {"X-Tenant": "{host.1}", "X-Path": "{1} of {target}"}})c",
        "/a/xx?q");
    CHECK(values(head, "X-Tenant") == "a");
    CHECK(values(head, "X-Path") == "xx of /a/xx?q");
    // Without an expression braces mean themselves, as ever.
    CHECK(values(head_sent(R"("request_headers": {"set": {"X-A": "{1}"}})", "/"), "X-A") == "{1}");
}

TEST_CASE("a route with rules alone answers 404 to the rest") {
    const std::string route = R"("rules": [{"name": "x", "when": {"path": "/x"}, "upstream": "app"}])";
    CHECK(status_of(answered_without_split(route, "/y")) == "404");
    ListeningWire endpoint;
    Crank crank(without_split(route, endpoint.port()));
    Wire client = crank.client();
    crank.send(client, get_target("/x"));
    Wire connection = crank.accept(endpoint);
    CHECK(crank.see(connection, "\r\n\r\n").starts_with("GET /x "));
}

TEST_CASE("a route's own limits of time come before its upstream's") {
    Stage stage(1, R"("timeouts": {"response_head": "2s"}, "retries": {"attempts": 0})",
                R"("timeouts": {"response_head": "30s"})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->pass(1900);
    CHECK(client.seen.empty());
    stage.crank->pass(200);
    CHECK(status_of(stage.crank->see(client, "in time")) == "504");
}
