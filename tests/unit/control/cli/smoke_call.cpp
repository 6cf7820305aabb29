// Smoke calls as people write them.
#include "control/cli/deploy/smoke_call.h"

#include <doctest/doctest.h>

using switchyard::control::cli::deploy::SmokeCall;

TEST_CASE("a smoke call is a method, a path, headers and perhaps a status") {
    std::string why;
    const auto plain = SmokeCall::parse("GET /readyz", why);
    REQUIRE(plain.has_value());
    CHECK(plain->method == "GET");
    CHECK(plain->target == "/readyz");
    CHECK(plain->host().empty());
    CHECK(plain->good(204));
    CHECK(plain->good(302));
    CHECK_FALSE(plain->good(404));
    CHECK_FALSE(plain->good(0));
    const auto full =
        SmokeCall::parse("HEAD  /s?q=a%20b -H X-Release:canary -H 'Host: forum.example' -H \"X-Note: a b\" =404", why);
    REQUIRE(full.has_value());
    CHECK(full->headers == std::vector<std::pair<std::string, std::string>>{
                               {"X-Release", "canary"}, {"Host", "forum.example"}, {"X-Note", "a b"}});
    CHECK(full->host() == "forum.example");
    CHECK(full->good(404));
    CHECK_FALSE(full->good(200));
}

TEST_CASE("what is no smoke call is told from one, with what is wrong and how it is written") {
    for (const char* text :
         {"", "GET", "/readyz", "get /", "GET readyz", "GET / -H", "GET / -H X", "GET / -H :x", "GET / =20",
          "GET / =abc", "GET / =200 =201", "GET / more", "GET '/", "GET '/a b'", "GET / -H 'X: a\r\nY: b'"}) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(SmokeCall::parse(text, why).has_value());
        CHECK(why.find("write it as") != std::string::npos);
    }
}

TEST_CASE("an address of another scheme is no address, and nothing is thrown") {
    std::string why;
    const auto answer = make_call(*SmokeCall::parse("GET /", why), "ftp://app.test", "");
    CHECK(answer.status == 0);
    CHECK(answer.why == "ftp://app.test is no address");
}
