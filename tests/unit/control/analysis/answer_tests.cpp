#include "control/analysis/answer_tests.h"

#include <doctest/doctest.h>

#include "control/analysis/analysis.h"

using namespace switchyard;
using namespace switchyard::control::analysis;

namespace {

Tick answers(AnswerKind kind, std::uint64_t canary, std::uint64_t canary_marks, std::uint64_t baseline,
             std::uint64_t baseline_marks) {
    Tick tick;
    tick.seconds = 1;
    tick.canary.attempts = canary, tick.baseline.attempts = baseline;
    tick.canary.answers[static_cast<std::size_t>(kind)] = canary_marks;
    tick.baseline.answers[static_cast<std::size_t>(kind)] = baseline_marks;
    return tick;
}

}  // namespace

TEST_CASE(
    "a release that answers everybody 401, redirects everybody or sends nothing holds its step within a second or "
    "two") {
    for (const AnswerKind kind : {AnswerKind::unauthorized, AnswerKind::not_found, AnswerKind::limited,
                                  AnswerKind::redirect, AnswerKind::empty}) {
        Analysis analysis(Settings{});
        analysis.begin_step(Assignment::per_request, .05);
        int seconds = 0;
        while (!analysis.held_by() && seconds < 60) analysis.add(answers(kind, 10, 10, 190, 2)), ++seconds;
        CAPTURE(static_cast<int>(kind));
        CHECK(seconds <= 2);
        CHECK_FALSE(analysis.alarm());  // a person decides
        CHECK_FALSE(analysis.promotion().allowed);
        CHECK(analysis.held_by()->canary_marks >= 10);
    }
}

TEST_CASE("with act rollback it is an alarm, and switched off it is nothing") {
    Settings settings;
    settings.answers_roll_back = true;
    Analysis acts(settings);
    settings.answers_false_alarm = 0;
    Analysis off(settings);
    for (Analysis* analysis : {&acts, &off}) {
        analysis->begin_step(Assignment::per_request, .05);
        for (int i = 0; i < 5; ++i) analysis->add(answers(AnswerKind::not_found, 10, 10, 190, 2));
    }
    REQUIRE(acts.alarm());
    CHECK(acts.alarm()->test == "answers_not_found");
    CHECK_FALSE(off.alarm());
    CHECK_FALSE(off.held_by());
}

TEST_CASE("a few more of a kind than the old release gives are let pass, and a hundred thousand as many") {
    Analysis analysis(Settings{});
    analysis.begin_step(Assignment::per_request, .05);
    for (int i = 0; i < 2000; ++i) analysis.add(answers(AnswerKind::not_found, 50, i % 2 == 0 ? 15 : 16, 950, 190));
    CHECK_FALSE(analysis.held_by());
    for (int i = 0; i < 2000; ++i) analysis.add(answers(AnswerKind::redirect, 50, 25, 950, 475));
    CHECK_FALSE(analysis.held_by());
}

TEST_CASE("sticky: users who are answered 401 for the first time count once each") {
    Settings settings;
    settings.sticky = true;
    Analysis one_user(settings), everybody(settings);
    for (Analysis* analysis : {&one_user, &everybody}) {
        analysis->begin_step(Assignment::sticky, .05);
        for (int i = 0; i < 20; ++i) {
            Tick tick = answers(AnswerKind::unauthorized, 10, 10, 190, 1);
            if (analysis == &everybody || i == 0) tick.canary_first.answers[0].add(0);
            analysis->add(tick);
        }
    }
    CHECK_FALSE(one_user.held_by());
    CHECK(everybody.held_by());
}
