// A process takes another's place in the middle of a rollout: it goes on as if there had been one process.
#include <doctest/doctest.h>

#include "control/rollout/runner/evidence_memory.h"
#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;

namespace {

constexpr Stage::Arm kBlue{190, 1, 20'000};
constexpr Stage::Arm kGreen{10, 0, 20'000};
constexpr Stage::Arm kGreenFails{20, 1, 20'000};

std::map<std::string, double> rows_of(const LiveRollout& live) {
    std::map<std::string, double> out;
    for (const auto& row : live.analysis().rows()) out[row.test] = row.ln_e;
    return out;
}

// Ticks until the rollout leaves `state` or its step, where it is handed on after `at` of them; -1: never.
int ticks_until_it_moves(bool sticky, Stage::Arm blue, Stage::Arm green, int at) {
    Stage first(sticky), second(sticky);
    second.now = Monotonic(77);  // another process, another clock
    auto live = started(first);
    Stage* stage = &first;
    int ticks = 0;
    while (live->machine().step() == 0 && active(live->machine().state()) && ticks < 3000) {
        stage->tick(blue, green, sticky);
        if (++ticks != at) continue;
        second.handed_on_by(first);
        live = second.rollouts->find("r1");
        REQUIRE(live);
        stage = &second;
    }
    return ticks;
}

}  // namespace

TEST_CASE("what permits a step crosses: it is left when it would have been, and not later") {
    for (const bool sticky : {false, true}) {
        CAPTURE(sticky);
        const int undisturbed = ticks_until_it_moves(sticky, kBlue, kGreen, -1);
        CHECK(undisturbed > 30);
        for (const int at : {undisturbed / 4, undisturbed / 2, undisturbed - 2}) {
            CAPTURE(at);
            CHECK(std::abs(ticks_until_it_moves(sticky, kBlue, kGreen, at) - undisturbed) <= 2);
        }
    }
}

TEST_CASE("what takes a release back crosses as well") {
    for (const bool sticky : {false, true}) {
        CAPTURE(sticky);
        const int undisturbed = ticks_until_it_moves(sticky, kBlue, kGreenFails, -1);
        for (const int at : {undisturbed / 2, undisturbed - 2}) {
            CAPTURE(at);
            CHECK(std::abs(ticks_until_it_moves(sticky, kBlue, kGreenFails, at) - undisturbed) <= 2);
        }
    }
}

TEST_CASE("every number is as it was, and the journal has no interruption") {
    Stage first, second;
    first.pass(10, {190, 4}, {0, 0});
    const auto before = started(first);
    first.pass(4, {190, 4}, {10, 0});
    REQUIRE(before->promote("alice").has_value());
    first.pass(3, {100, 1}, {100, 1});
    second.now = Monotonic(5);
    second.handed_on_by(first);
    const auto after = second.rollouts->find("r1");
    REQUIRE(after);
    CHECK(rows_of(*after) == rows_of(*before));
    CHECK(after->analysis().step_canary().attempts == before->analysis().step_canary().attempts);
    CHECK(after->analysis().step_baseline().failures == before->analysis().step_baseline().failures);
    CHECK(after->analysis().promote_log_evidence() == before->analysis().promote_log_evidence());
    CHECK(after->analysis().promotion().why == before->analysis().promotion().why);
    CHECK(after->machine().baked() == before->machine().baked());
    CHECK(after->machine().waited() == before->machine().waited());
    CHECK(after->intake().canary_latency().total() == before->intake().canary_latency().total());
    CHECK(after->journal() == before->journal());
    CHECK(second.events.empty());
    CHECK(second.generation == first.generation);
}

TEST_CASE("what the process before still answers counts, by the step that sent it, and nothing waits for it") {
    Stage first, second;
    const auto before = started(first);
    const auto of_first_step = first.generation;
    first.pass(2, kBlue, kGreen);
    REQUIRE(before->promote("alice").has_value());
    first.pass(2, {100, 0}, {100, 0});
    second.handed_on_by(first);
    const auto after = second.rollouts->find("r1");
    second.pass(1, {100, 0}, {100, 0});
    const auto had = after->analysis().canary(), had_in_step = after->analysis().step_canary();

    switchyard::WorkerReport elsewhere;
    elsewhere.worker = 3U << 16;
    for (const auto generation : {second.generation, of_first_step}) {
        switchyard::CellDelta& delta = elsewhere.cells.emplace_back();
        delta.route = Stage::kRoute, delta.upstream = Stage::kGreen, delta.generation = generation;
        delta.cell = std::make_unique<switchyard::Cell>();
        delta.cell->attempts = 7, delta.cell->failures = 2;
    }
    second.rollouts->report(elsewhere);
    second.tick({100, 0}, {100, 0});
    CHECK(after->analysis().canary().failures == had.failures + 4);
    CHECK(after->analysis().canary().attempts == had.attempts + 100 + 14);
    CHECK(after->analysis().step_canary().failures == had_in_step.failures + 2);
    after->forget_workers(3U << 16, 4U << 16);
    second.pass(1, {100, 0}, {100, 0});
    CHECK(after->intake().as_of() == second.now);
}

TEST_CASE("where it cannot be used it is as after a restart: nothing permits a step, what takes back is kept") {
    Stage first;
    const auto before = started(first);
    first.pass(8, kBlue, kGreen);
    auto told = first.rollouts->handed_on();
    bool is_said = false;
    SUBCASE("of another version") {
        told["r1"]["step"]["version"] = kEvidenceVersion + 1, is_said = true;
    }
    SUBCASE("a number that is none") {
        told["r1"]["step"]["promote"]["stakes"][0] = "much", is_said = true;
    }
    SUBCASE("the weight was on its way") {
        told["r1"].erase("step");
    }
    SUBCASE("nothing was told of it") {
        told = Stage::Json::object();
    }
    Stage second;
    second.model = first.model, second.generation = first.generation, second.disk = first.disk;
    second.rollouts->restore(second.disk, told);
    const auto after = second.rollouts->find("r1");
    REQUIRE(after);
    CHECK(after->analysis().step_canary().attempts == 0);
    CHECK(after->analysis().canary().attempts > 0);
    CHECK(after->machine().state() == State::running);
    CHECK(after->machine().baked() == Monotonic{0});
    CHECK(second.events.empty() != is_said);
}

TEST_CASE("a pause stays a pause, and one that waits for a person goes on when told to") {
    Stage first, second;
    const auto before = started(first);
    first.pass(3, kBlue, kGreen);
    REQUIRE(before->pause("alice").has_value());
    second.handed_on_by(first);
    const auto after = second.rollouts->find("r1");
    second.pass(60, kBlue, kGreen);
    CHECK(after->machine().state() == State::paused);
    CHECK(second.green_percent() == doctest::Approx(5));
    REQUIRE(after->resume("bob").has_value());
    CHECK(after->machine().state() == State::running);
}
