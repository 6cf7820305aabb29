// What is allowed and all the same hardly meant.
#include "config/check/warnings.h"

#include <doctest/doctest.h>

#include <string>

#include "config/parse.h"

using namespace switchyard::config;

TEST_CASE("what takes our Via away is warned of, where nothing else finds circles") {
    const auto told = [](const std::string& edits, const std::string& listener = "") {
        const auto result =
            parse(R"({"listeners":[{"name":"a","bind":"0.0.0.0:80")" + listener +
                  R"(}],"upstreams":{"blue":{"endpoints":[]}},"routes":[{"name":"r","split":{"blue":1},)" +
                  R"("request_headers":)" + edits + "}]}");
        REQUIRE(result.model);
        std::string out;
        for (const auto& warning : warnings(*result.model)) out += warning.pointer + "\n";
        return out;
    };
    CHECK(told(R"({"remove":["X-A","via"]})") == "/routes/0/request_headers/remove/1\n");
    CHECK(told(R"({"set":{"Via":"1.1 us"}})") == "/routes/0/request_headers/set/Via\n");
    CHECK(told(R"({"add":{"Via":"1.1 us"}})").empty());
    CHECK(told(R"({"remove":["Via"]})", R"(,"cdn_loop":"us")").empty());
}
