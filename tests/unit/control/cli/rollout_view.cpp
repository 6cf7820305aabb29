#include "control/cli/rollout_view.h"

#include <doctest/doctest.h>

using namespace switchyard::control::cli;
using Json = nlohmann::ordered_json;

namespace {

Json running() {
    return Json::parse(R"({"id":"r1","state":"running","route":"app","from":"blue","to":"green","step":2,"of_steps":3,
      "weight":5.0,"weight_in_force":5.0,"why":"waits: 20 of 300 canary requests in this step","baked":"12s",
      "steps":[{"header_only":"1m","state":"done"},{"weight":5,"bake":"30s","state":"running"},{"pause":{},"state":"to come"}],
      "arms":{"blue":{"attempts":400,"failures":2,"error_percent":0.5,"latency_ms":{"p50":1.0,"p90":2.0,"p99":3.0},
                      "step":{"attempts":0,"failures":0,"error_percent":null}},
              "green":{"attempts":20,"failures":1,"error_percent":5.0,"latency_ms":{"p50":1.5,"p90":2.5,"p99":3.5},
                       "step":{"attempts":0,"failures":0,"error_percent":null}}},
      "evidence":[{"test":"errors","ln_e":-0.0001,"threshold":7.68,"part":0.0,"acts":true}],
      "promotion":{"allowed":false,"why":"20 of 300 canary requests in this step"},
      "failing_endpoints":{"127.0.0.1:9002":1},
      "checks":[{"name":"smoke","failures":1,"of":3,"last":"answered 503"}]})");
}

std::string text(const Json& rollout) {
    std::string out;
    for (const auto& line : rollout_lines(rollout)) out += line + "\n";
    return out;
}

std::size_t times(const std::string& what, const std::string& in) {
    std::size_t n = 0;
    for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++n;
    return n;
}

bool has(const std::string& what, const Json& rollout) {
    return text(rollout).find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a step without requests yet shows the whole rollout and no empty line") {
    const std::string shown = text(running());
    CHECK(times("whole rollout", shown) == 2);
    CHECK(times("this step  ", shown) == 0);
    CHECK(shown.find("–") == std::string::npos);
    Json asked = running();
    asked["arms"]["green"]["step"] = asked["arms"]["green"];
    CHECK(times("this step  ", text(asked)) == 1);
}

TEST_CASE("a rollback on its way has not ended; a watch that let the route go has") {
    struct Row {
        const char* state;
        bool holds_route, ended;
    };
    for (const Row& row :
         {Row{"running", true, false}, Row{"paused", true, false}, Row{"inconclusive", true, false},
          Row{"inconclusive", false, true}, Row{"rolling_back", true, false}, Row{"rolled_back", false, true},
          Row{"aborted", true, true}, Row{"succeeded", false, true}}) {
        CAPTURE(row.state);
        CHECK(rollout_ended({{"state", row.state}, {"holds_route", row.holds_route}}) == row.ended);
    }
    CHECK_FALSE(rollout_ended({{"state", "inconclusive"}}));  // of an older version
}

TEST_CASE("before the old release was asked in this rollout, what it did just before stands in") {
    Json fresh = running();
    for (const char* colour : {"blue", "green"})
        fresh["arms"][colour] = {{"attempts", 0}, {"failures", 0}, {"error_percent", nullptr}};
    CHECK_FALSE(has("just before", fresh));
    fresh["arms"]["blue"]["before"] = running()["arms"]["blue"];
    CHECK(has("just before", fresh));
}

TEST_CASE("what counts as slow is shown") {
    CHECK_FALSE(has("slow is beyond", running()));
    Json seen = running();
    seen["slow_beyond_ms"] = {{"p50", 5.0}, {"p90", 15.4}, {"p99", 60.0}};
    CHECK(has("  slow is beyond what blue kept before, and a margin: p50 5.00 p90 15.40 p99 60.00 ms\n", seen));
}

TEST_CASE("where marks came from is told for each kind of them and each colour") {
    Json seen = running();
    seen["marks"] = {{"green", {{"not_found", {{"noted", 3}, {"where", "404 (3). Mostly GET /a (3 of 3)."}}}}},
                     {"blue", Json::object()}};
    CHECK(has("  not found at green: 404 (3). Mostly GET /a (3 of 3).\n", seen));
    CHECK(times(" at blue", text(seen)) == 0);
    CHECK(has("failed at 127.0.0.1:9002", seen));
    seen["marks"]["green"]["failed"] = {{"where", "500 (3). Mostly GET /a (3 of 3); endpoint 127.0.0.1:9002."}};
    CHECK_FALSE(has("failed at 127.0.0.1:9002", seen));  // it stands there already
}

TEST_CASE("the table says which step waited in vain, and on what each one was left") {
    Json seen = running();
    seen["steps"][0]["left"] = "evidence: 9 requests by rule, none failed";
    seen["steps"][1]["state"] = "inconclusive";
    seen["steps"][1]["waited"] = "waited for evidence in vain: green was not asked once";
    CHECK(has("done; evidence: 9 requests by rule, none failed\n", seen));
    CHECK(has("inconclusive, baked 12s, waited for evidence in vain: green was not asked once\n", seen));
}

TEST_CASE("a step says what it is and how long it has baked") {
    CHECK(has("2. weight 5 % bake 30s", running()));
    CHECK(has("running, baked 12s", running()));
    CHECK(has("3. pause  ", running()));
    CHECK_FALSE(has("{}", running()));
}

TEST_CASE("what a person needs at night is there: endpoints that fail, checks, a weight that is not in force yet") {
    CHECK(has("failed at 127.0.0.1:9002: 1", running()));
    CHECK(has("check smoke: 1 of 3 failures in a row, last: answered 503", running()));
    Json aborted = running();
    aborted["state"] = "aborted";
    aborted["weight"] = 0.0;
    aborted["publish_problem"] = "some worker has not adopted the weight yet";
    CHECK(has("weight 5.00 %, 0.00 % on its way", aborted));
    CHECK(has("PROBLEM: some worker", aborted));
}

TEST_CASE("the reason to wait is told once, and nothing waits any more when it has ended") {
    CHECK(times("20 of 300", text(running())) == 1);
    Json paused = running();
    paused["state"] = "paused";
    paused["why"] = "paused by alice";
    CHECK(has("next step: 20 of 300", paused));
    paused["state"] = "aborted";
    CHECK_FALSE(has("next step", paused));
}

TEST_CASE("evidence is a part of the way and odds, never a logarithm; what does not act is grey and says so") {
    Json seen = running();
    CHECK(has("  0 % of the way, says nothing yet\n", seen));
    auto& row = seen["evidence"][0];
    row["ln_e"] = 3.84, row["part"] = 0.5;
    CHECK(has("[###############...............]  50 % of the way, 47 : 1 against it\n", seen));
    row["ln_e"] = -4.0, row["part"] = 0.0;
    CHECK(has("  0 % of the way, speaks for it\n", seen));
    row["ln_e"] = 9.0, row["part"] = 1.0, row["acts"] = false, row["idle"] = "acts only while green is alone";
    CHECK(
        has("[------------------------------] 100 % of the way, 8103 : 1 against it (acts only while green is alone)\n",
            seen));
}

TEST_CASE("a summary from the list is a line and its reason") {
    Json summary = running();
    for (const char* key : {"steps", "arms", "evidence", "promotion", "failing_endpoints", "checks"})
        summary.erase(key);
    CHECK(rollout_lines(summary).size() == 2);
    CHECK_FALSE(rollout_ended(summary));
}
