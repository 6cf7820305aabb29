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
