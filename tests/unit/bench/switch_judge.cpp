#include "bench/yardbench/switching/switch_judge.h"

#include <doctest/doctest.h>

using namespace yardbench;

namespace {

const Colours kColours({"green", "blue"});
constexpr std::uint8_t kGreen = 1;
constexpr std::uint8_t kBlue = 2;

SwitchAnswer answer(const char* to, Nanos asked, Nanos answered, std::uint64_t generation) {
    return {to, asked, answered, generation, true, {}};
}

RequestRecord request(Nanos sent, Nanos done, std::uint8_t colour, std::uint64_t generation = 0) {
    return {sent, sent, done, generation, 200, colour, Failure::none, 1};
}

}  // namespace

TEST_CASE("what is stale and what is not, request by request") {
    // To green: asked at 100, answered at 110, generation 2. Back to blue: asked at 200, answered at 210, generation 3.
    const std::vector<SwitchAnswer> answers = {answer("green", 100, 110, 2), answer("blue", 200, 210, 3)};
    struct Row {
        const char* what;
        RequestRecord record;
        bool stale;
    };
    const Row rows[] = {
        {"before any switch", request(50, 60, kBlue, 1), false},
        {"on the wire while the switch is made, old colour", request(99, 120, kBlue, 1), false},
        {"sent while it is made, old colour", request(105, 120, kBlue, 1), false},
        {"sent in the same instant as the answer", request(110, 120, kBlue, 1), false},
        {"sent after the answer, new colour", request(111, 120, kGreen, 2), false},
        {"sent after the answer, old colour", request(111, 120, kBlue, 0), true},
        {"sent after the answer, new colour but old generation", request(111, 120, kGreen, 1), true},
        {"sent after the answer, old colour, done after the next switch was asked for", request(150, 201, kBlue, 3),
         false},
        {"sent after the second answer, its colour", request(220, 230, kBlue, 3), false},
        {"sent after the second answer, the first one's colour", request(220, 230, kGreen, 2), true},
        {"newer than the last answered", request(120, 130, kGreen, 9), false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        RequestLog log{row.record};
        const SwitchVerdict verdict = judge_switches(log, answers, kColours);
        CHECK((verdict.stale == 1) == row.stale);
        CHECK(verdict.clean() == !row.stale);
    }
}

TEST_CASE("a switch that was refused binds nobody, but makes the run unclean") {
    SwitchAnswer refused = answer("green", 100, 110, 0);
    refused.ok = false;
    RequestLog log{request(120, 130, kBlue), request(140, 150, kGreen)};
    const SwitchVerdict verdict = judge_switches(log, {refused}, kColours);
    CHECK(verdict.stale == 0);
    CHECK(verdict.refused_switches == 1);
    CHECK_FALSE(verdict.clean());
}

TEST_CASE("a failure is put down to the last switch asked for before it was seen") {
    const std::vector<SwitchAnswer> answers = {answer("green", 100, 110, 2), answer("blue", 200, 210, 3)};
    RequestRecord cut = request(199, 205, 0);
    cut.failure = Failure::reset;
    cut.status = 0;
    RequestRecord early = cut;
    early.sent = 10;
    early.done = 20;
    RequestLog log{cut, early};
    const SwitchVerdict verdict = judge_switches(log, answers, kColours);
    CHECK(verdict.failed == 2);
    CHECK(verdict.switches[0].failed == 0);
    CHECK(verdict.switches[1].failed == 1);
    CHECK_FALSE(verdict.clean());
}

TEST_CASE("the log is put in order, and how long the old colour went on is told") {
    RequestLog log;
    for (Nanos t = 3000; t > 0; t -= 10) log.push_back(request(t, t + 5, t < 1500 ? kBlue : kGreen));
    const SwitchVerdict verdict = judge_switches(log, {answer("green", 900, 1000, 0)}, kColours);
    CHECK(verdict.stale == 49);
    CHECK(verdict.switches[0].stale_until == 490);
    CHECK(verdict.switches[0].sent_after == 200);
    CHECK(log.front().sent == 10);
}

TEST_CASE("answers that name neither a colour nor a generation prove nothing, and the verdict says so") {
    RequestLog log{request(10, 20, 0), request(30, 40, Colours::kOther)};
    const SwitchVerdict verdict = judge_switches(log, {}, kColours);
    CHECK(verdict.unjudged == 2);
    CHECK_FALSE(verdict.clean());
}

TEST_CASE("after a switch that gives no generation, only a colour can be compared") {
    // As --command answers: generation 0. The header of debug_headers is there, the colour's is not.
    RequestLog log{request(120, 130, 0, 7), request(140, 150, Colours::kOther, 8)};
    const SwitchVerdict verdict = judge_switches(log, {answer("green", 100, 110, 0)}, kColours);
    CHECK(verdict.unjudged == 2);
    CHECK(verdict.judged == 0);
    CHECK_FALSE(verdict.clean());
    RequestLog coloured{request(120, 130, kGreen, 7)};
    CHECK(judge_switches(coloured, {answer("green", 100, 110, 0)}, kColours).clean());
    // A split leads to several colours: only generations tell old from new.
    RequestLog shares{request(120, 130, kGreen, 0)};
    CHECK(judge_switches(shares, {answer(kAnyColour, 100, 110, 5)}, kColours).unjudged == 1);
    RequestLog numbered{request(120, 130, kGreen, 5)};
    CHECK(judge_switches(numbered, {answer(kAnyColour, 100, 110, 5)}, kColours).judged == 1);
}

TEST_CASE("the timeline counts each request once, in the millisecond it was sent, seen from its switch's answer") {
    RequestLog log;
    for (Nanos ms = 1; ms < 1000; ++ms)
        log.push_back(request(ms * kMillisecond, ms * kMillisecond + 5, ms < 500 ? kBlue : kGreen));
    const auto slices = timeline(log, {answer("green", 490 * kMillisecond, 499 * kMillisecond, 2)}, kColours);
    std::uint64_t old_colour = 0, new_colour = 0;
    for (const TimelineSlice& slice : slices) {
        CAPTURE(slice.offset_ms);
        CHECK(slice.old_colour + slice.new_colour == 1);
        old_colour += slice.old_colour;
        new_colour += slice.new_colour;
        CHECK((slice.old_colour == 1) == (slice.offset_ms < 1));
    }
    CHECK(old_colour == 51);
    CHECK(new_colour == 249);
}
