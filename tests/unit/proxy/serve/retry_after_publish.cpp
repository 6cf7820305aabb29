// A request that is sent again goes as the generation in force says, in every part of its head.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

std::string edited(const ListeningWire& endpoint, const std::string& how) {
    return one_route({endpoint.port()},
                     R"("request_headers": {"set": {"X-Env": ")" + how +
                         R"("}}, "match": {"path_prefix": "/a"}, "strip_prefix": "/a", "replace_prefix": "/)" + how +
                         "\"");
}

}  // namespace

TEST_CASE("a request that is sent again after a publish has the new route's head, and its body still") {
    ListeningWire old_one, new_one;
    Crank crank(edited(old_one, "old"));
    Wire client = crank.client();
    crank.send(client, "PUT /a/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    Wire first = crank.accept(old_one);
    CHECK(crank.see(first, "body").find("X-Env: old\r\n") != std::string::npos);
    CHECK(first.seen.starts_with("PUT /old/x HTTP/1.1\r\n"));
    crank.publish(edited(new_one, "new"));
    first.close();
    Wire second = crank.accept(new_one);
    const std::string again = crank.see(second, "body");
    CHECK(again.starts_with("PUT /new/x HTTP/1.1\r\n"));
    CHECK(again.find("X-Env: new\r\n") != std::string::npos);
    CHECK(again.find("old") == std::string::npos);
    CHECK(again.ends_with("\r\n\r\nbody"));
    crank.send(second, kOk);
    CHECK(status_of(crank.see(client, "ok")) == "200");
}

TEST_CASE("a publish in the middle of a request gives it no new time") {
    ListeningWire endpoint;
    const std::string limited = one_route({endpoint.port()}, R"("timeouts": {"request": "1s"})");
    Crank crank(limited);
    Wire client = crank.client();
    crank.send(client, kGet);
    Wire first = crank.accept(endpoint);
    crank.see(first, "\r\n\r\n");
    crank.pass(800);
    crank.publish(limited);
    first.close();
    Wire second = crank.accept(endpoint);
    crank.see(second, "\r\n\r\n");
    crank.pass(400);
    CHECK(status_of(crank.see(client, "\r\n\r\n")) == "504");
}

TEST_CASE("a publish that takes the limit away takes it away") {
    ListeningWire endpoint;
    Crank crank(one_route({endpoint.port()}, R"("timeouts": {"request": "1s"})"));
    Wire client = crank.client();
    crank.send(client, kGet);
    Wire first = crank.accept(endpoint);
    crank.see(first, "\r\n\r\n");
    crank.publish(one_route({endpoint.port()}));
    first.close();
    Wire second = crank.accept(endpoint);
    crank.see(second, "\r\n\r\n");
    crank.pass(5000);
    crank.send(second, kOk);
    CHECK(status_of(crank.see(client, "ok")) == "200");
}

TEST_CASE("a head that does not fit by the new route is refused, and never sent as the old one's") {
    ListeningWire old_one, new_one;
    Crank crank(one_route({old_one.port()}));
    Wire client = crank.client();
    std::string fields;
    for (int i = 0; i < 15; ++i) fields += "X-" + std::to_string(i) + ": " + std::string(1000, 'v') + "\r\n";
    crank.send(client, "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
    Wire first = crank.accept(old_one);
    crank.see(first, "\r\n\r\n");
    std::string edits;
    for (int i = 0; i < 6; ++i)
        edits += (i == 0 ? "" : ", ") + ("\"Y-" + std::to_string(i) + "\": \"" + std::string(1000, 'v') + "\"");
    crank.publish(one_route({new_one.port()}, R"("request_headers": {"set": {)" + edits + "}}"));
    first.close();
    CHECK(status_of(crank.see(client, "\r\n\r\n")) == "431");
    Wire second = new_one.accept();
    if (second.is_open()) second.read();
    CHECK(second.seen == "");
}
