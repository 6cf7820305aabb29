#include "bench/yardbench/report/figures.h"

#include <doctest/doctest.h>

using namespace yardbench;

namespace {

Part part_of(int requests, Nanos latency) {
    Part part;
    for (int i = 0; i < requests; ++i) part.account(latency, i == 0);
    return part;
}

}  // namespace

TEST_CASE("steps of one name are one row: what several groups do is added up, not overwritten") {
    Tally tally;
    tally.by_tag = {part_of(90, kMillisecond), part_of(5, kMillisecond), part_of(10, kSecond)};
    const nlohmann::json steps = to_json(tally, {"list", "vote", "list"})["steps"];
    CHECK(steps.size() == 2);
    CHECK(steps["list"]["finished"] == 100);
    CHECK(steps["list"]["failed"] == 2);
    CHECK(steps["list"]["latency_ms"]["count"] == 100);
    CHECK(steps["vote"]["finished"] == 5);
    const std::string text = to_text(tally, {"list", "vote", "list"});
    CHECK(text.find("list") == text.rfind("list"));
}

TEST_CASE("a run in which nothing came has every member all the same") {
    const nlohmann::json out = to_json(Tally{}, {});
    for (const char* name :
         {"seconds", "finished", "requests_per_second", "failed", "failures", "retried", "unsent", "reconnects",
          "bytes_in", "latency_ms", "service_ms", "generator", "whole_run", "statuses", "by_second", "distribution"}) {
        CAPTURE(name);
        CHECK(out.contains(name));
    }
}
