#include "control/rollout/runner/intake.h"

#include <doctest/doctest.h>

#include <map>

using namespace switchyard;
namespace analysis = switchyard::control::analysis;
using namespace switchyard::control::rollout;

namespace {

constexpr std::uint32_t kRoute = 3, kFrom = 1, kTo = 2;

Intake sticky_intake(unsigned workers = 1) {
    return Intake({kRoute, kFrom, kTo, workers, true, std::nullopt, true});
}

WorkerReport failures(std::vector<std::uint16_t> canary, std::vector<std::uint16_t> baseline) {
    WorkerReport report;
    report.failed_buckets.push_back({kRoute, std::move(canary), std::move(baseline), {}});
    return report;
}

analysis::SlowCounts first_slow(const analysis::FirstMarks& marks) {
    analysis::SlowCounts out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = marks.slow[i].ever();
    return out;
}

Histogram steady() {
    Histogram h;
    for (std::uint64_t i = 0; i < 2000; ++i) h.record(1000 + i);
    return h;
}

}  // namespace

TEST_CASE("a bucket counts once in a rollout, whichever worker saw it and however often") {
    Intake intake = sticky_intake();
    intake.begin(Monotonic{0}, {});
    intake.add({}, Monotonic{1});  // settles
    intake.add(failures({5, 5, 6}, {9}), Monotonic{2});
    auto tick = intake.take(.2, false);
    CHECK(tick.canary_first.failed.ever() == 2);
    CHECK(tick.baseline_first.failed.ever() == 1);
    intake.begin(Monotonic{3}, {});  // the next step remembers
    intake.add({}, Monotonic{4});
    intake.add(failures({5, 6, 7}, {9, 5}), Monotonic{5});
    tick = intake.take(.2, false);
    CHECK(tick.canary_first.failed.ever() == 1);
    CHECK(tick.baseline_first.failed.ever() == 0);
}

TEST_CASE("a bucket that was marked before a bet was placed is new to that bet, and to no other twice") {
    Intake intake = sticky_intake();
    intake.begin(Monotonic{0}, {});
    intake.add({}, Monotonic{1});
    intake.add(failures({5}, {9}), Monotonic{2});
    auto tick = intake.take(29.9, false);
    CHECK(tick.placed == 1);
    CHECK(tick.canary_first.failed.ever() == 1);
    intake.add(failures({5}, {}), Monotonic{3});
    tick = intake.take(.2, false);
    CHECK(tick.placed == 1);  // the second bet is placed when this tick is over
    CHECK(tick.canary_first.failed.new_to(1) == 0);
    intake.add(failures({5, 5, 6}, {9}), Monotonic{4});
    tick = intake.take(.2, false);
    CHECK(tick.placed == 2);
    CHECK(tick.canary_first.failed.new_to(1) == 1);  // bucket 6
    CHECK(tick.canary_first.failed.new_to(2) == 2);
    CHECK(tick.baseline_first.failed.new_to(1) == 0);
    CHECK(tick.baseline_first.failed.new_to(2) == 1);
}

TEST_CASE("the first report of each worker after a step began is not counted, and until then nothing is fresh") {
    Intake intake = sticky_intake(2);
    intake.begin(Monotonic{0}, {});
    intake.add(failures({1}, {}), Monotonic{10});
    CHECK(intake.as_of() == kNever);
    WorkerReport other;
    other.worker = 1;
    intake.add(other, Monotonic{20});
    CHECK(intake.as_of() == Monotonic{10});  // the slowest worker's word
    CHECK(intake.take(.2, false).canary_first.failed.ever() == 0);
    intake.add(failures({1}, {}), Monotonic{30});
    CHECK(intake.take(.2, false).canary_first.failed.ever() == 1);
}

TEST_CASE("slow samples count once per bucket and level, only when thresholds are frozen and the canary is warm") {
    Intake intake = sticky_intake();
    intake.begin(Monotonic{0}, steady());
    REQUIRE(intake.frozen());
    intake.add({}, Monotonic{1});
    WorkerReport report;
    report.failed_buckets.push_back({kRoute, {}, {}, {}});
    const auto slow = static_cast<std::uint16_t>(Histogram::index(100'000));
    report.failed_buckets[0].samples = {{1, slow, true}, {1, slow, true}, {2, slow, false}, {3, 0, false}};
    intake.add(report, Monotonic{2});
    auto tick = intake.take(.2, true);  // was not warm yet
    CHECK_FALSE(tick.latency_counts);
    CHECK(first_slow(tick.canary_first) == analysis::SlowCounts{0, 0, 0});
    CHECK(tick.canary_first.seen == 1);
    CHECK(tick.baseline_first.seen == 2);
    intake.add(report, Monotonic{3});
    tick = intake.take(.2, true);
    CHECK(tick.latency_counts);
    CHECK(first_slow(tick.canary_first) == analysis::SlowCounts{1, 1, 1});
    CHECK(first_slow(tick.baseline_first) == analysis::SlowCounts{1, 1, 1});
    CHECK(tick.canary_first.seen == 0);
    intake.add(report, Monotonic{4});
    CHECK(first_slow(intake.take(.2, true).canary_first) == analysis::SlowCounts{0, 0, 0});
}

TEST_CASE("other routes and upstreams are not counted") {
    Intake intake({kRoute, kFrom, kTo, 1, false, 500'000});
    intake.begin(Monotonic{0}, {});
    intake.add({}, Monotonic{1});
    WorkerReport report;
    for (const auto& [route, upstream] : {std::pair{kRoute, kTo}, {kRoute, kFrom}, {kRoute, 9U}, {8U, kTo}}) {
        report.cells.push_back({route, upstream, std::make_unique<Cell>()});
        report.cells.back().cell->attempts = 10;
        report.cells.back().cell->failures = upstream == kTo ? 2 : 1;
        report.cells.back().cell->first_byte.record(600'000);
    }
    intake.add(report, Monotonic{2});
    const auto tick = intake.take(.2, false);
    CHECK(tick.canary.attempts == 10);
    CHECK(tick.canary.failures == 2);
    CHECK(tick.canary.over_limit == 1);
    CHECK(tick.baseline.attempts == 10);
    CHECK(tick.baseline.failures == 1);
}

TEST_CASE("for the cap each failure of a bucket counts, but of one that always fails only the first") {
    Intake intake = sticky_intake();
    intake.begin(Monotonic{0}, {});
    intake.add({}, Monotonic{1});
    WorkerReport report;  // bucket 1 fails whenever it asks, 2 asks often and fails seldom
    auto& buckets = report.failed_buckets.emplace_back();
    buckets.route = kRoute;
    for (int i = 0; i < 50; ++i) buckets.samples.push_back({2, 0, true});
    buckets.samples.push_back({1, 0, true});
    buckets.canary = {1, 2};
    intake.add(report, Monotonic{2});
    CHECK(intake.take(.2, false).canary_first.steady_failures == 2);
    intake.add(report, Monotonic{3});
    const auto tick = intake.take(.2, false);
    CHECK(tick.canary_first.steady_failures == 1);
    CHECK(tick.canary_first.steady_attempts == 50);
    CHECK(tick.canary_first.failed.ever() == 0);  // no bucket's first any more
}

TEST_CASE("an endpoint of two routes is blamed for what this route asked of it, and for no more") {
    Intake intake({kRoute, kFrom, kTo, 1, false, std::nullopt});
    intake.begin(Monotonic{0}, {});
    intake.add({}, Monotonic{1});
    WorkerReport report;
    report.endpoint_failures = {{kRoute, 12, 2}, {kRoute + 1, 12, 40}, {kRoute, 13, 1}};
    intake.add(report, Monotonic{2});
    CHECK(intake.failing() == std::map<std::uint32_t, std::uint64_t>{{12, 2}, {13, 1}});
}
