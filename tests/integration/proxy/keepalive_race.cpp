// An endpoint that closes its connections after a random idle time, often at the very moment the next request comes.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "small_endpoint.h"
#include "talk.h"
#include "tests/support/crank.h"
#include "tests/support/test_proxy.h"

using namespace switchyard::test;

TEST_CASE("requests on connections that may just be closing: a POST goes once and is answered, a GET never fails") {
    const char* asked_for = std::getenv("SWITCHYARD_RACE_REQUESTS");
    const int requests = asked_for != nullptr ? std::atoi(asked_for) : 2000;
    const SmallEndpoint endpoint("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 600);
    TestProxy proxy(one_route({endpoint.port()}));
    Wire wire = Wire::connect(proxy.port());
    std::mt19937 random(1);
    int get_failures = 0, post_502 = 0, post_other = 0, posts = 0;
    for (int i = 0; i < requests; ++i) {
        const bool post = i % 2 == 0;
        const std::string request =
            post ? "POST / HTTP/1.1\r\nHost: a\r\nX-Id: " + std::to_string(i) + "\r\nContent-Length: 5\r\n\r\nhello"
                 : "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        const auto answer = ask(wire, request);
        if (!answer.values("connection").empty()) wire = Wire::connect(proxy.port());
        if (post) {
            ++posts;
            post_502 += answer.status == 502;
            post_other += answer.status != 200 && answer.status != 502;
        } else {
            get_failures += answer.status != 200;
        }
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 600);
        while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    }
    int twice = 0;
    const auto ids = endpoint.seen_ids();
    for (const auto& [id, times] : ids) twice += times > 1;
    MESSAGE(posts << " POSTs, " << post_502 << " answered 502, " << endpoint.closed()
                  << " connections closed by the endpoint");
    CHECK(endpoint.closed() > 20);  // the race must have been there
    CHECK(twice == 0);
    CHECK(get_failures == 0);
    CHECK(post_other == 0);
    CHECK(post_502 == 0);
    CHECK(static_cast<int>(ids.size()) == posts);
}
