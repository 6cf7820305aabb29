// What a drain waits for, in words.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "control/cli/verb.h"

using namespace switchyard::control::cli;

TEST_CASE("what a drain waits for is told by kind, also by a program that counts no streams") {
    CHECK(in_flight_words(Json::parse(R"({"requests": 17, "tunnels": 1, "streams": 2})")) ==
          "17 requests, 2 streams, 1 tunnel");
    CHECK(in_flight_words(Json::parse(R"({"requests": 1, "tunnels": 0, "streams": 0})")) == "1 request, 0 tunnels");
    CHECK(in_flight_words(Json::parse(R"({"requests": 1, "tunnels": 2})")) == "1 request, 2 tunnels");
    CHECK(nothing_in_flight(Json::parse(R"({"requests": 0, "tunnels": 0})")));
    CHECK(nothing_in_flight(Json::parse(R"({"requests": 0, "tunnels": 0, "streams": 0})")));
    CHECK_FALSE(nothing_in_flight(Json::parse(R"({"requests": 0, "tunnels": 0, "streams": 1})")));
}
