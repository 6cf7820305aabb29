#include "control/rollout/runner/alarm_words.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace switchyard;
using namespace switchyard::control::rollout;
namespace analysis = switchyard::control::analysis;
using Json = nlohmann::ordered_json;

namespace {

Plan blue_to_green() {
    Plan plan;
    plan.route = "app", plan.from = "blue", plan.to = "green";
    plan.max_extra_failures = 30;
    return plan;
}

analysis::Alarm alarm_of(const std::string& test) {
    analysis::Alarm alarm;
    alarm.test = test;
    alarm.threshold = std::log(13'000.0);
    alarm.canary.attempts = 111, alarm.canary.failures = 7;
    alarm.baseline.attempts = 1000, alarm.baseline.failures = 10;
    alarm.canary_marks = 31, alarm.canary_asked = 117;
    alarm.baseline_marks = 100, alarm.baseline_asked = 1000;
    return alarm;
}

analysis::FrozenQuantiles frozen() {
    analysis::FrozenQuantiles out;
    out.buckets = {Histogram::index(5'000), Histogram::index(15'000), Histogram::index(60'000)};
    return out;
}

}  // namespace

TEST_CASE(
    "an alarm of latency says how many took longer than what, beside the old release, what is tolerated, and how "
    "sure") {
    const std::string said = alarm_words(alarm_of("latency_p90_shift"), blue_to_green(), frozen(), Json::object());
    CHECK(said.find("latency p90: 31 of 117 requests to green (26.5 %) took longer than ") == 0);
    CHECK(said.find(" ms, a margin beyond the 15") != said.npos);
    CHECK(said.find(" ms that 90 % of blue's kept; of blue's 10 %. Tolerated: 1.5 times as many.") != said.npos);
    CHECK(said.find("By luck once in 13000 rollouts.") != said.npos);
}

TEST_CASE("an alarm of failures says both rates and where, and no logarithm") {
    const Json endpoints = {{"127.0.0.1:9002", 5}, {"127.0.0.1:9003", 2}};
    CHECK(alarm_words(alarm_of("errors"), blue_to_green(), std::nullopt, endpoints) ==
          "errors: 7 of 111 requests to green failed (6.31 %), of blue's 1 %. Tolerated: 1.5 times as many. By luck "
          "once in "
          "13000 rollouts. Failed at 127.0.0.1:9002 (5), 127.0.0.1:9003 (2).");
    CHECK(alarm_words(alarm_of("extra_failures"), blue_to_green(), std::nullopt, Json::object())
              .find("close to the cap of 30 more than blue would have failed") != std::string::npos);
}

TEST_CASE("an alarm says of which kind, on which path and at which endpoint, of the marks that it counts") {
    MarkPlaces places;
    MarkNote failed(MarkNote::Group::failed, AnswerKind::ordinary, Failure::none, 500, 3, "GET", "/checkout");
    failed.times = 7;
    places.add(true, failed, "127.0.0.1:9002");
    MarkNote slow(MarkNote::Group::slow, AnswerKind::ordinary, Failure::none, 200, 4, "POST", "/cart");
    places.add(true, slow, "127.0.0.1:9003");
    const Json endpoints = {{"127.0.0.1:9002", 9}};
    const auto said = alarm_words(alarm_of("errors"), blue_to_green(), std::nullopt, endpoints, places);
    CHECK(said.ends_with(" once in 13000 rollouts. 500 (7). Mostly GET /checkout (7 of 7); endpoint 127.0.0.1:9002."));
    CHECK(alarm_words(alarm_of("latency_p50"), blue_to_green(), frozen(), endpoints, places)
              .ends_with(" rollouts. Mostly POST /cart (1 of 1); endpoint 127.0.0.1:9003."));
    CHECK(alarm_words(alarm_of("answers_limited"), blue_to_green(), frozen(), Json::object(), places)
              .ends_with("once in 13000 rollouts."));
}

TEST_CASE("an alarm of tails and of whole answers names the places of its own marks") {
    MarkPlaces places;
    const auto noted = [&](MarkNote::Group group, const char* path) {
        places.add(true, {group, AnswerKind::ordinary, Failure::none, 200, 3, "GET", path}, "127.0.0.1:9002");
    };
    noted(MarkNote::Group::slow, "/slow"), noted(MarkNote::Group::tail, "/stalls");
    noted(MarkNote::Group::late, "/late"), noted(MarkNote::Group::late_tail, "/late-stalls");
    const auto ends = [&](const char* test, const std::string& path) {
        return alarm_words(alarm_of(test), blue_to_green(), frozen(), Json::object(), places)
            .ends_with(" Mostly GET " + path + " (1 of 1); endpoint 127.0.0.1:9002.");
    };
    CHECK(ends("latency_p99_shift", "/slow"));
    CHECK(ends("latency_alone", "/slow"));
    CHECK(ends("latency_tail", "/stalls"));
    CHECK(ends("latency_tail_shift", "/stalls"));
    CHECK(ends("duration_p50", "/late"));
    CHECK(ends("duration_alone", "/late"));
    CHECK(ends("duration_tail_shift", "/late-stalls"));
}

TEST_CASE("an alarm of a canary that is alone counts what came since it was alone") {
    auto alone = alarm_of("slo_errors");
    alone.limit = 0.015, alone.share = 1.0;
    CHECK(alarm_words(alone, blue_to_green(), std::nullopt, Json::object()) ==
          "slo errors: alone at 100 %: 31 of 117 requests to green failed (26.5 %); allowed are 1.5 % (1.5 times what "
          "blue did). By luck once in 13000 rollouts.");
    alone.limit = 0.01;
    CHECK(alarm_words(alone, blue_to_green(), std::nullopt, Json::object()).find("allowed are 1 %. By luck") !=
          std::string::npos);
    auto limited = blue_to_green();
    limited.slo_success_percent = 99.0;
    CHECK(alarm_words(alone, limited, std::nullopt, Json::object()).find("allowed are 1 % (slo.success_percent).") !=
          std::string::npos);
    auto last = alarm_of("last_twenty");
    last.canary_asked = 20;
    CHECK(alarm_words(last, blue_to_green(), std::nullopt, Json::object()) ==
          "last twenty: the last 20 requests to green failed, all of them, and there is nothing to compare with.");
}

TEST_CASE("an answer of another kind is said in words, with both shares") {
    CHECK(alarm_words(alarm_of("answers_unauthorized"), blue_to_green(), std::nullopt, Json::object()) ==
          "answers unauthorized: 31 of 117 requests to green (26.5 %) were answered 401 or 403, of blue's 10 %. "
          "Tolerated: "
          "twice as many. By luck once in 13000 rollouts.");
}

TEST_CASE("alone and too slow is said with what it was held against") {
    CHECK(alarm_words(alarm_of("latency_alone"), blue_to_green(), frozen(), Json::object())
              .find("latency alone: alone, 31 of the last 117 requests to green (26.5 %) took longer than blue's p99 "
                    "of ") == 0);
}
