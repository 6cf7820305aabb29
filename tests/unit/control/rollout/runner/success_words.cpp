#include "control/rollout/runner/success_words.h"

#include <doctest/doctest.h>

using namespace switchyard;
using namespace switchyard::control::rollout;

namespace {

struct Ended {
    Plan plan;
    Histogram from_latency, to_latency, from_whole, to_whole;
    SuccessFacts outcome;

    Ended() {
        plan.route = "app", plan.from = "blue", plan.to = "green";
        outcome.from.attempts = outcome.to.attempts = outcome.to_last.attempts = 1000;
        outcome.frozen = outcome.frozen_whole = true;
        outcome.from_latency = &from_latency, outcome.to_latency = &to_latency;
        outcome.from_whole = &from_whole, outcome.to_whole = &to_whole;
        for (Histogram* each : {&from_latency, &to_latency, &from_whole, &to_whole})
            for (int i = 0; i < 1000; ++i) each->record(6'500);
    }
    std::string words() const { return success_words(plan, outcome); }
    bool say(const std::string& what) const { return words().find(what) != std::string::npos; }
};

}  // namespace

TEST_CASE("a success says what was held against what when there was nothing to compare with") {
    CHECK(Ended().words() ==
          "Not compared: anything at 100 %, where there is nothing beside green: failures were held against 1 %, "
          "latency and whole answers against blue's from before.");
}

TEST_CASE("what the plan does not test is not compared, and what it lacked neither") {
    Ended ended;
    ended.plan.latency_tolerate = {0.0, 0.0, 0.0}, ended.plan.latency_tail = 0.0;
    ended.plan.answers_false_alarm = 0.0;
    CHECK(ended.say("Not compared: latency (off in the plan), kinds of answers (off in the plan), anything at 100 %"));
    ended.plan.latency_tolerate = {0.0, 1.5, 0.0};
    ended.outcome.frozen = false;
    CHECK(ended.say("latency (blue answered too few requests to know its quantiles)"));
    CHECK(ended.say(", whole answers against blue's from before."));
    ended.outcome.frozen_whole = false;
    CHECK(ended.say("whole answers (blue ended too few of them to know its quantiles)"));
    ended.plan.duration_tolerate = {0.0, 0.0, 0.0}, ended.plan.duration_tail = 0.0;
    CHECK(ended.say("whole answers (off in the plan)"));
}

TEST_CASE("answers that changed without a test are told, with both shares") {
    Ended ended;
    const auto not_found = static_cast<std::size_t>(AnswerKind::not_found);
    ended.outcome.to.answers[not_found] = 200;
    CHECK_FALSE(ended.say("Changed"));  // it was compared, and promoted
    ended.plan.answers_false_alarm = 0.0;
    CHECK(ended.say("Changed without being tested: answered 404: blue none, green 20 %."));
    ended.outcome.from.answers[not_found] = 150;
    CHECK_FALSE(ended.say("Changed"));
    ended.plan.answers_false_alarm = 0.001;
    ended.outcome.to_last.answers[not_found] = 400;  // in the step in which no arm stood beside it
    CHECK(ended.say("answered 404: blue 15 %, green 40 %"));
}

TEST_CASE("a latency that grew at the end is told, whatever permitted the step") {
    Ended ended;
    ended.to_latency.clear();
    for (int i = 0; i < 1000; ++i) ended.to_latency.record(53'000);
    CHECK(ended.say("Changed without being tested: latency p50: blue 6."));
    CHECK(ended.say(" ms, green 5"));
}

TEST_CASE("bodies that have become late behind heads that have not are told, and not twice what both are") {
    Ended ended;
    ended.to_whole.clear();
    for (int i = 0; i < 1000; ++i) ended.to_whole.record(300'000);
    CHECK(ended.say("Changed without being tested: whole answers p50: blue 6."));
    CHECK_FALSE(ended.say("latency p50"));
    ended.to_latency.clear();
    for (int i = 0; i < 1000; ++i) ended.to_latency.record(300'000);
    CHECK(ended.say("latency p50: blue 6."));
    CHECK_FALSE(ended.say("whole answers p50"));
}

TEST_CASE("a switch that is watched promises no comparison") {
    Ended ended;
    ended.plan.watch = true;
    CHECK(ended.words().empty());
}
