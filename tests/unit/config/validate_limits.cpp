// Rules between the values of a route's limits.
#include <doctest/doctest.h>

#include <string>

#include "config/parse.h"

namespace {

std::string limits_trouble(const std::string& limits) {
    const auto result = switchyard::config::parse(
        R"({"upstreams":{"blue":{"endpoints":[]}},"routes":[{"name":"r","split":{"blue":1},"limits":)" + limits +
        "}]}");
    std::string out;
    for (const auto& error : result.errors) out += error.pointer + ": " + error.detail + "\n";
    return out;
}

}  // namespace

TEST_CASE("a limit of requests at once says how many, and counts by a key that can be believed") {
    CHECK(limits_trouble(R"({"concurrent":{"requests":5}})").empty());
    CHECK(limits_trouble(R"({"concurrent":{"by":"header:X-Key"}})") ==
          "/routes/0/limits/concurrent: \"requests\" is missing; without it there is no limit\n");
    CHECK(limits_trouble(R"({"concurrent":{"by":"claim:sub","requests":5}})") ==
          "/routes/0/limits/concurrent/by: claims can be used only where the route has \"jwt\", which verifies them\n");
}

TEST_CASE("what comes beyond delay_after has to be within the burst, and to get its turn while its client is there") {
    CHECK(limits_trouble(R"({"rate":{"requests":10,"burst":20,"delay_after":1}})").empty());
    CHECK(limits_trouble(R"({"rate":{"requests":1,"per":"1s","burst":61,"delay_after":1}})").empty());
    CHECK(limits_trouble(R"({"rate":{"requests":10,"delay_after":10}})") ==
          "/routes/0/limits/rate/delay_after: a burst has 10 requests, so none comes beyond 10: leave it out, or give "
          "more \"burst\"\n");
    CHECK(limits_trouble(R"({"rate":{"requests":1,"per":"1s","burst":62,"delay_after":1}})") ==
          "/routes/0/limits/rate/delay_after: the last of a burst would wait 61s; at most 1m: give less \"burst\"\n");
}
