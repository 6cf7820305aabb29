// Evidence outlives the process: killed at any write it comes back with a value that the tests had, and with nothing
// that would let a step be left.
#include "control/rollout/runner/evidence_memory.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "control/rollout/runner/view.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;
namespace analysis = switchyard::control::analysis;

namespace {

constexpr Stage::Arm kBlueFailsAtTimes{190, 4, 20'000};
constexpr Stage::Arm kGreenFailsMore{20, 1, 20'000};
constexpr Stage::Arm kGreenAsBlue{10, 0, 20'000};

// The tests that go on; the sample ratio is a matter of each step.
std::map<std::string, double> lasting_rows(const LiveRollout& live) {
    std::map<std::string, double> out;
    for (const auto& row : live.analysis().rows())
        if (row.test != "sample_ratio") out[row.test] = row.ln_e;
    return out;
}

struct Moment {
    std::map<std::string, std::string> disk;
    std::map<std::string, double> evidence;  // when it was last written
    std::uint64_t attempts = 0, failures = 0;
};

}  // namespace

TEST_CASE("killed at any write, the tests go on from a value they had, and no step is left on it") {
    Stage life;
    std::vector<Moment> moments;
    Moment moment;
    const auto live_now = [&] { return life.rollouts->find("r1"); };
    life.kept = [&](const std::string& id) {
        const auto live = live_now();
        if (live && id == "r1#evidence") {
            moment.evidence = lasting_rows(*live);
            moment.attempts = live->analysis().canary().attempts;
            moment.failures = live->analysis().canary().failures;
        }
        moment.disk = life.disk;
        moments.push_back(moment);
    };
    life.pass(10, kBlueFailsAtTimes, {0, 0});  // a past that quantiles are frozen from
    const auto live = started(life);
    life.pass(3, kBlueFailsAtTimes, kGreenAsBlue);
    REQUIRE(live->pause("alice").has_value());
    life.pass(8, kBlueFailsAtTimes, kGreenAsBlue);
    REQUIRE(live->resume("alice").has_value());
    life.pass(3, kBlueFailsAtTimes, kGreenAsBlue);
    REQUIRE(live->promote("alice").has_value());
    for (int i = 0; i < 300 && active(live->machine().state()); ++i) life.tick({100, 1}, {100, 6});
    REQUIRE(live->machine().state() == State::rolled_back);
    REQUIRE(live->machine().closed());
    CHECK(moments.size() > 15);

    for (std::size_t i = 0; i < moments.size(); ++i) {
        CAPTURE(i);
        Stage back;
        back.disk = moments[i].disk;
        back.now = Monotonic(77);  // another process, another clock
        back.again();
        const auto again = back.rollouts->find("r1");
        REQUIRE(again);
        if (!moments[i].evidence.empty()) {
            CHECK(lasting_rows(*again) == moments[i].evidence);
            CHECK(again->analysis().canary().attempts == moments[i].attempts);
            CHECK(again->analysis().canary().failures == moments[i].failures);
        }
        CHECK(again->analysis().step_canary().attempts == 0);
        CHECK_FALSE(again->analysis().promotion().allowed);
        const auto weight = again->machine().weight();
        back.pass(10, {0, 0}, {0, 0});
        CHECK(again->machine().weight() <= weight);
        CHECK(again->machine().state() ==
              (active(again->machine().state()) ? again->machine().state() : State::rolled_back));
    }
}

TEST_CASE("what is being found out takes no longer for being killed in the middle") {
    const auto ticks_to_alarm = [](int kill_at) {
        Stage stage;
        auto live = started(stage);
        int ticks = 0;
        while (active(live->machine().state()) && ticks < 2000) {
            stage.tick(kBlueFailsAtTimes, kGreenFailsMore);
            if (++ticks != kill_at) continue;
            stage.again();
            live = stage.rollouts->find("r1");
        }
        REQUIRE(live->machine().state() == State::rolled_back);
        CHECK(view(*live)["ended"]["evidence"]["endpoints"].contains("127.0.0.1:9012"));
        return ticks;
    };
    const int undisturbed = ticks_to_alarm(-1);
    const int most_lost = static_cast<int>(LiveRollout::kKeepEvidence / Monotonic(200));
    CHECK(undisturbed > most_lost);
    for (const int kill_at : {undisturbed / 3, undisturbed / 2, undisturbed - 1}) {
        CAPTURE(kill_at);
        CHECK(ticks_to_alarm(kill_at) <= undisturbed + most_lost + 2);
    }
}

TEST_CASE("sticky: a bucket whose failure counted before the restart does not count again") {
    Stage stage(true);
    started(stage);
    stage.tick({190, 0}, {10, 2}, true);
    stage.pass(31, {190, 0}, {10, 0}, true);  // a bet later it is written
    const auto& kept = stage.rollouts->find("r1")->intake().lasting();
    REQUIRE(kept.failed.count() == 2);
    stage.again();
    const auto back = stage.rollouts->find("r1");
    CHECK(back->intake().lasting().failed.count() == 2);
    CHECK(back->intake().frozen().has_value());
}

TEST_CASE("sticky: the cap goes on from what it had, and knows whom it may not count") {
    Stage stage(true);
    const auto live = started(stage);
    stage.pass(2, {190, 0}, {10, 0}, true);
    for (int i = 0; i < 3; ++i) stage.tick({190, 1}, {10, 1}, true);
    REQUIRE(live->pause("alice").has_value());  // is written with all that was counted until now
    const double before = lasting_rows(*live).at("extra_failures");
    REQUIRE(before > 1.0);
    const auto& steady = live->intake().lasting().steady;
    REQUIRE(steady.has_value());
    const double limit = steady->limit();
    stage.again();
    const auto back = stage.rollouts->find("r1");
    CHECK(lasting_rows(*back).at("extra_failures") == before);
    REQUIRE(back->intake().lasting().steady.has_value());
    CHECK(back->intake().lasting().steady->limit() == limit);
    CHECK(stage.disk["r1#evidence"].size() < 100'000);
}

TEST_CASE("of a rollout that has ended, who was counted is not kept") {
    Stage stage(true);
    const auto live = started(stage);
    stage.pass(6, {190, 20}, {10, 1}, true);
    const auto running = stage.disk["r1#evidence"].size();
    REQUIRE(live->abort("alice").has_value());
    CHECK(stage.disk["r1#evidence"].size() < running);
    CHECK(live->intake().lasting().failed.count() == 0);
    CHECK_FALSE(live->intake().lasting().steady.has_value());
    stage.again();
    CHECK(stage.rollouts->find("r1")->analysis().canary().attempts == live->analysis().canary().attempts);
}

TEST_CASE("counts of buckets are read back as they were written, and nothing else is") {
    using switchyard::control::analysis::SteadyBuckets;
    namespace analysis = switchyard::control::analysis;
    const Intake::Places places{1, 2, 3, 1, true, std::nullopt, true};
    analysis::Settings settings;
    settings.max_extra_failures = 30;
    Intake intake(places);
    intake.begin(Monotonic{0}, {}, {});
    intake.add({}, Monotonic{1});
    switchyard::WorkerReport report;
    auto& buckets = report.failed_buckets.emplace_back();
    buckets.route = 1;
    for (const std::uint16_t bucket : std::initializer_list<std::uint16_t>{0, 1, 31, 32, 33, 4000, 65'535})
        for (int i = 0; i < 1 + bucket % 77; ++i) buckets.samples.push_back({bucket, 0, bucket % 2 == 0});
    buckets.baseline = {1, 31};
    intake.add(report, Monotonic{2});
    const auto text = remember(analysis::Analysis(settings), intake);

    Intake other(places);
    analysis::Analysis tests(settings);
    REQUIRE(recall(text, tests, other));
    CHECK(remember(tests, other) == text);

    for (const char* wrong : {"", "A", "!", "a", "ABBBB", "zzzzzzzzzz", "A45BA"}) {
        CAPTURE(wrong);
        auto damaged = text;
        damaged["counted"]["steady"]["seen"] = wrong;
        CHECK_FALSE(recall(damaged, tests, other));
        CHECK(remember(tests, other) == text);
    }
    auto longer = text;
    longer["counted"]["steady"]["seen"] = longer["counted"]["steady"]["seen"].get<std::string>() + "B";
    CHECK_FALSE(recall(longer, tests, other));
}

TEST_CASE("evidence of another version, or damaged, is not used, and an event says so") {
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"\"version\":4", "\"version\":2"},
                                   {"\"stakes\":[", "\"stakes\":[1,"},
                                   {"\"sticky\":false", "\"sticky\":true"},
                                   {"\"evidence\":", "\"evidence\":\"x\",\"other\":"}}) {
        CAPTURE(from);
        Stage stage;
        started(stage);
        stage.pass(6, kBlueFailsAtTimes, kGreenAsBlue);
        std::string& text = stage.disk["r1#evidence"];
        REQUIRE(text.find(from) != std::string::npos);
        text.replace(text.find(from), from.size(), to);
        stage.events.clear();
        stage.again();
        const auto back = stage.rollouts->find("r1");
        CHECK(active(back->machine().state()));
        CHECK(back->analysis().canary().attempts == 0);
        for (const auto& row : back->analysis().rows()) CHECK(row.ln_e <= 0.0);
        REQUIRE_FALSE(stage.events.empty());
        CHECK(stage.events.front()["kind"] == "evidence_anew");
    }
}

TEST_CASE("evidence is written at a bounded rate, and not at all while nothing is counted") {
    Stage stage;
    started(stage);
    int writes = 0;
    stage.kept = [&](const std::string& id) { writes += id == "r1#evidence"; };
    stage.pass(2, kBlueFailsAtTimes, kGreenAsBlue);
    writes = 0;
    for (int i = 0; i < 300; ++i) stage.tick(kBlueFailsAtTimes, {0, 0});  // a minute
    CHECK(writes >= 11);
    CHECK(writes <= 13);
    stage.pass(10, {0, 0}, {0, 0});
    writes = 0;
    stage.pass(30, {0, 0}, {0, 0});
    CHECK(writes == 0);
}
