#include "control/analysis/latency_tests.h"

#include <doctest/doctest.h>

#include "control/analysis/analysis.h"

using namespace switchyard::control::analysis;

namespace {

constexpr std::uint64_t kCanary = 1000, kBaseline = 9000;  // requests a second

// So many in a hundred are beyond a limit that one in two, ten and a hundred of the old release's were beyond when it
// was frozen; a margin has left fewer of them since.
struct Beyond {
    double canary, baseline;
};

Tick second_of(std::size_t level, const Beyond& beyond, std::uint64_t canary = kCanary,
               std::uint64_t baseline = kBaseline) {
    Tick tick;
    tick.seconds = 1;
    tick.latency_counts = true;
    tick.canary.attempts = canary, tick.baseline.attempts = baseline;
    tick.canary.slow[level] = static_cast<std::uint64_t>(static_cast<double>(canary) * beyond.canary / 100);
    tick.baseline.slow[level] = static_cast<std::uint64_t>(static_cast<double>(baseline) * beyond.baseline / 100);
    return tick;
}

struct Outcome {
    std::string alarm;
    double most_evidence = 0, threshold = 0;
    bool gated = false;
};

// Five minutes of it, at one level of the plan's defaults.
Outcome after_five_minutes(std::size_t level, const Beyond& beyond, const char* name = "latency") {
    const Settings settings;
    std::array<double, kLevels> tolerate{}, parts{};
    tolerate[level] =
        std::string_view(name).ends_with("_tail") ? settings.latency_tail : settings.latency_tolerate[level];
    parts[level] = 1e-5;
    LatencyTests tests(name, tolerate, parts, settings);
    tests.begin_step(false, .1);
    for (int second = 0; second < 300; ++second) tests.add(second_of(level, beyond));
    Outcome out;
    if (const auto alarm = tests.alarm()) out.alarm = alarm->test;
    std::vector<Row> rows;
    tests.rows(rows);
    for (const Row& row : rows) {
        out.most_evidence = std::max(out.most_evidence, row.ln_e);
        out.threshold = row.threshold;
        out.gated = out.gated || row.gated;
    }
    return out;
}

}  // namespace

TEST_CASE("a level acts only while nearly as many are beyond its limit as are tolerated of its making") {
    // By the making 50, 10 and 1 in a hundred are beyond it; 1.2, 1.5 and 2 times as many are tolerated, and from
    // 58.9, 14.4 and 1.87 in a hundred on it acts. The relative risk of each pair is far beyond what is tolerated.
    const struct {
        Beyond fewer, more;
    } levels[] = {{{58, 30}, {59.5, 30}}, {{14, 5}, {14.7, 5}}, {{1.8, .4}, {1.9, .4}}};
    for (std::size_t level = 0; level < kLevels; ++level) {
        CAPTURE(level);
        const Outcome held = after_five_minutes(level, levels[level].fewer);
        CHECK(held.alarm == "");
        CHECK(held.most_evidence > 5 * held.threshold);  // it is no want of evidence
        CHECK(held.gated);
        CHECK(after_five_minutes(level, levels[level].more).alarm.starts_with("latency_p"));
    }
}

TEST_CASE("slow is beyond the quantile and its margin: five times as many as hardly any is no slower release") {
    // A fixed delay: what was half a hair beyond the p50 is inside the margin now.
    CHECK(after_five_minutes(0, {10, .5}).alarm == "");
    CHECK(after_five_minutes(0, {90, .5}).alarm != "");
}

TEST_CASE("what is beyond the tolerance at no level is held, whatever its evidence") {
    // Risks of 1.18, 1.45 and 1.77, where 1.2, 1.5 and 2 are tolerated.
    CHECK(after_five_minutes(0, {59, 50}).alarm == "");
    CHECK(after_five_minutes(1, {14.5, 10}).alarm == "");
    CHECK(after_five_minutes(2, {1.77, 1}).alarm == "");
}

TEST_CASE("what is slower for certain, and beyond the tolerance as it looks, holds the step until it is known") {
    // One path of twenty is four times slower: three in a hundred are beyond the old p99, of the old release's 0.75.
    const auto held = [](const Beyond& beyond) {
        Settings settings;
        settings.latency_tolerate = {0, 0, 2}, settings.latency_tail = 0;
        settings.duration_tolerate = {}, settings.duration_tail = 0;
        Analysis analysis(settings);
        analysis.begin_step(Assignment::per_request, .1);
        for (int second = 0; second < 6; ++second) analysis.add(second_of(kLevels - 1, beyond, 100, 900));
        REQUIRE_FALSE(analysis.alarm());
        return analysis.promotion();
    };
    CHECK_FALSE(held({3, .75}).allowed);
    CHECK(held({3, .75}).why.starts_with("latency_p99_shift is suspicious: "));
    CHECK(held({1.5, 1}).allowed);
}

TEST_CASE("a tail has no such part: by its making hardly anybody is in it") {
    CHECK(after_five_minutes(0, {.8, .05}, "latency_tail").alarm.starts_with("latency_tail"));
}
