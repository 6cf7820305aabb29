#include "control/cli/series_view.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace switchyard::control::cli;
using Json = nlohmann::ordered_json;

namespace {

constexpr double kLongUp = 9999, kJustUp = 5;

Json columns_of(const Json& requests, const Json& p99) {
    return {{"requests", requests}, {"errors", Json::array()}, {"p50_ms", p99}, {"p99_ms", p99}};
}

bool contains(const std::string& line, const std::string& what) {
    return line.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("the upstreams of a figure are on one scale, each with what it is now") {
    Json requests = Json::array(), few = Json::array(), times = Json::array();
    for (int i = 0; i < 600; ++i) {
        requests.push_back(i < 300 ? 800 : 100);
        few.push_back(i < 300 ? 0 : 200);
        times.push_back(nullptr);
    }
    times[599] = 12.34;
    const Json series = {{"blue", columns_of(requests, times)}, {"green", columns_of(few, Json::array())}};
    const auto lines = series_lines(series, {{"blue", 50}, {"green", 50}}, kLongUp, 50);
    REQUIRE(lines.size() == 9);
    CHECK(contains(lines[0], "over the last 10 min"));
    CHECK(contains(lines[1], "    requests blue"));
    CHECK(contains(lines[1], "██"));
    CHECK(contains(lines[1], "▁▁ 100/s"));
    CHECK(contains(lines[2], "green "));
    CHECK(contains(lines[2], "▁▁"));
    CHECK(contains(lines[2], "▂▂ 200/s"));
    CHECK(contains(lines[7], "█ 12.3 ms"));
    CHECK(lines[8].ends_with("–"));
}

TEST_CASE(
    "a wide window has the upstreams beside each other, a narrow one below, and a process that has just begun a "
    "minute") {
    const Json split = {{"blue", 1}, {"green", 1}};
    const auto wide = series_lines(Json::object(), split, kJustUp, 120);
    REQUIRE(wide.size() == 5);
    CHECK(contains(wide[0], "over the last 1 min"));
    CHECK(contains(wide[1], "blue"));
    CHECK(contains(wide[1], "green"));
    const auto narrow = series_lines(Json::object(), split, kJustUp, 40);
    CHECK(narrow.size() == 9);
    CHECK(series_lines(Json::object(), Json::object(), kJustUp, 40).empty());
    CHECK(series_lines(Json::object(), split, kJustUp, 3).size() == 9);  // narrower than anything
}
