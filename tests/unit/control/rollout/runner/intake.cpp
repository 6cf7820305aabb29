#include "control/rollout/runner/intake.h"

#include <doctest/doctest.h>

#include <map>
#include <tuple>

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
    intake.begin(Monotonic{0}, {}, {});
    intake.add({}, Monotonic{1});  // settles
    intake.add(failures({5, 5, 6}, {9}), Monotonic{2});
    auto tick = intake.take(.2, false);
    CHECK(tick.canary_first.failed.ever() == 2);
    CHECK(tick.baseline_first.failed.ever() == 1);
    intake.begin(Monotonic{3}, {}, {});  // the next step remembers
    intake.add({}, Monotonic{4});
    intake.add(failures({5, 6, 7}, {9, 5}), Monotonic{5});
    tick = intake.take(.2, false);
    CHECK(tick.canary_first.failed.ever() == 1);
    CHECK(tick.baseline_first.failed.ever() == 0);
}

TEST_CASE("a bucket that was marked before a bet was placed is new to that bet, and to no other twice") {
    Intake intake = sticky_intake();
    intake.begin(Monotonic{0}, {}, {});
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
    intake.begin(Monotonic{0}, {}, {});
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
    intake.begin(Monotonic{0}, {steady(), {}}, {});
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
    intake.begin(Monotonic{0}, {}, {});
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
    intake.begin(Monotonic{0}, {}, {});
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
    intake.begin(Monotonic{0}, {}, {});
    intake.add({}, Monotonic{1});
    WorkerReport report;
    report.endpoint_failures = {{kRoute, 12, 2}, {kRoute + 1, 12, 40}, {kRoute, 13, 1}};
    intake.add(report, Monotonic{2});
    CHECK(intake.failing() == std::map<std::uint32_t, std::uint64_t>{{12, 2}, {13, 1}});
}

namespace {

WorkerReport ended(std::uint64_t generation, std::uint64_t canary, std::uint64_t canary_failed, std::uint64_t baseline,
                   std::uint64_t baseline_failed) {
    WorkerReport report;
    for (const auto& [upstream, attempts, failed] :
         {std::tuple{kTo, canary, canary_failed}, std::tuple{kFrom, baseline, baseline_failed}}) {
        if (attempts == 0) continue;
        report.cells.push_back({kRoute, upstream, std::make_unique<Cell>(), generation, false});
        report.cells.back().cell->attempts = attempts;
        report.cells.back().cell->failures = failed;
    }
    return report;
}

}  // namespace

TEST_CASE("what was sent before the rollout is nobody's, whenever it ends") {
    Intake intake({kRoute, kFrom, kTo, 1, false, std::nullopt});
    intake.begin(Monotonic{0}, {}, {20, 0.05});
    intake.add({}, Monotonic{1});
    intake.add(ended(19, 13, 13, 5, 0), Monotonic{2});
    WorkerReport report;
    report.endpoint_failures = {{kRoute, 12, 13, 19}, {kRoute, 12, 1, 21}};
    report.in_flight = {{18, kTo, 7, 0}, {20, kTo, 3, 0}, {22, kFrom, 2, 0}};
    intake.add(report, Monotonic{3});
    intake.add(ended(22, 4, 1, 76, 0), Monotonic{4});  // another route has changed meanwhile
    CHECK(intake.take_late().empty());
    const auto tick = intake.take(.2, false);
    CHECK(tick.canary.attempts == 4);
    CHECK(tick.canary.failures == 1);
    CHECK(tick.baseline.attempts == 76);
    CHECK(intake.failing() == std::map<std::uint32_t, std::uint64_t>{{12, 1}});
}

TEST_CASE("what an earlier step sent is counted apart, with the share that step sent it with") {
    Intake intake({kRoute, kFrom, kTo, 1, false, std::nullopt});
    intake.begin(Monotonic{0}, {}, {20, 0.1});
    intake.add({}, Monotonic{1});
    auto report = ended(20, 80, 0, 810, 0);
    report.in_flight = {{20, kTo, 20, 0}, {20, kFrom, 90, 0}};
    intake.add(report, Monotonic{2});
    CHECK(intake.take(.2, false).canary_in_flight == 20);
    intake.begin(Monotonic{3}, {}, {21, 0.5});
    intake.add(ended(20, 10, 10, 50, 0), Monotonic{4});  // the report that settles a step ends the one before
    intake.add(ended(20, 10, 10, 40, 0), Monotonic{5});
    intake.add(ended(21, 30, 0, 30, 0), Monotonic{6});
    const auto late = intake.take_late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].sent == doctest::Approx(0.1));  // of all it sent, and not of those that were left
    CHECK(late[0].share == doctest::Approx(0.1));
    CHECK(late[0].tick.canary.failures == 20);
    CHECK(late[0].tick.baseline.attempts == 90);
    CHECK(intake.take(.2, false).canary.attempts == 30);
    CHECK(intake.take_late().empty());
    // A pause changes no weight and so no generation: nothing of before it is late.
    intake.begin(Monotonic{7}, {}, {21, 0.5});
    intake.add({}, Monotonic{8});
    intake.add(ended(21, 3, 0, 3, 0), Monotonic{9});
    CHECK(intake.take_late().empty());
    CHECK(intake.take(.2, false).canary.attempts == 3);
}

TEST_CASE("while other shares are on their way nothing counts that they route") {
    Intake intake({kRoute, kFrom, kTo, 1, false, std::nullopt});
    intake.begin(Monotonic{0}, {}, {20, 0.1});
    intake.add({}, Monotonic{1});
    intake.changing(true);
    intake.add(ended(20, 1, 0, 9, 0), Monotonic{2});
    intake.changing(true);
    intake.add(ended(21, 50, 0, 50, 0), Monotonic{3});
    CHECK(intake.take(.2, false).canary.attempts == 1);
    // It was refused: what has come since is as good as any other.
    intake.changing(false);
    intake.add(ended(22, 2, 0, 18, 0), Monotonic{4});
    CHECK(intake.take(.2, false).canary.attempts == 2);
}

TEST_CASE("requests without a key stand outside a comparison of keys, and are told") {
    Intake intake = sticky_intake();
    intake.begin(Monotonic{0}, {}, {20, 0.1});
    intake.add({}, Monotonic{1});
    auto report = ended(20, 10, 1, 90, 2);
    auto keyless = ended(20, 0, 0, 400, 0);
    keyless.cells[0].keyless = true;
    report.cells.push_back(std::move(keyless.cells[0]));
    intake.add(report, Monotonic{2});
    const auto tick = intake.take(.2, false);
    CHECK(tick.baseline.attempts == 90);
    CHECK(tick.canary.attempts == 10);
    CHECK(intake.keyless() == 400);
}

namespace {

Passage passage(std::uint64_t from_us, std::uint64_t to_us, bool over = false) {
    Passage out;
    out.generation = 20, out.route = kRoute, out.upstream = kTo;
    out.from = static_cast<std::uint16_t>(from_us == 0 ? 0 : Histogram::index(from_us));
    out.to = static_cast<std::uint16_t>(Histogram::index(to_us));
    out.over = over;
    return out;
}

}  // namespace

TEST_CASE("a request is slow the moment it passes the frozen quantile, once, and whatever comes of it") {
    Intake intake({kRoute, kFrom, kTo, 1, false, std::nullopt});
    intake.begin(Monotonic{0}, {steady(), steady()}, {20, 0.1});  // 1 to 3 ms
    intake.add({}, Monotonic{1});
    WorkerReport report;
    report.passages = {passage(0, 500), passage(0, 3400)};
    intake.add(report, Monotonic{2});
    auto tick = intake.take(.2, true);
    CHECK(tick.canary.slow == analysis::SlowCounts{1, 0, 0});
    CHECK(tick.canary.early == 1);
    CHECK(tick.canary.whole.asked == 1);
    report.passages = {passage(500, 2'000'000), passage(3400, 2'000'000)};
    intake.add(report, Monotonic{3});
    tick = intake.take(.2, true);
    CHECK(tick.canary.slow == analysis::SlowCounts{1, 2, 2});
    CHECK(tick.canary.tail == 2);
    CHECK(tick.canary.early == 1);
    // One ends after all, the client of the other has left.
    report = ended(20, 1, 0, 0, 0);
    report.cells[0].cell->first_byte.record(3'000'000);
    report.cells[0].cell->whole.record(3'000'000);
    report.passages = {passage(2'000'000, 0, true)};
    report.passages[0].of = Passage::Of::head;
    report.passages.push_back(passage(2'000'000, 0, true));
    report.passages[1].of = Passage::Of::whole;
    intake.add(report, Monotonic{4});
    tick = intake.take(.2, true);
    CHECK(tick.canary.slow == analysis::SlowCounts{0, 0, 0});
    CHECK(tick.canary.tail == 0);
    CHECK(tick.canary.attempts == 1);
    CHECK(tick.canary.early == -1);
    CHECK(tick.canary.whole.asked == 0);
}

TEST_CASE("who has no head for longer than the old p99 is told as such") {
    Intake intake({kRoute, kFrom, kTo, 1, false, std::nullopt});
    intake.begin(Monotonic{0}, {steady(), {}}, {20, 0.1});
    intake.add({}, Monotonic{1});
    CHECK_FALSE(intake.take(.2, true).canary_waiting);  // no worker was asked for ages
    WorkerReport report;
    report.ages = true;
    for (const std::uint64_t generation : {19U, 20U}) {
        report.heads_waited.push_back({kRoute, kTo, generation, false, std::make_unique<Histogram>()});
        report.heads_waited.back().ages->record(900);
        report.heads_waited.back().ages->record(90'000);
    }
    intake.add(report, Monotonic{2});
    const auto tick = intake.take(.2, true);
    CHECK(tick.canary_waiting == 1);
    CHECK(tick.baseline_waiting == 0);
}

TEST_CASE("in a sticky split a bucket is marked when its request passes, and not again when that ends") {
    Intake intake = sticky_intake();
    intake.begin(Monotonic{0}, {steady(), steady()}, {20, 0.1});
    intake.add({}, Monotonic{1});
    static_cast<void>(intake.take(.2, true));
    WorkerReport report;
    report.passages = {passage(0, 50'000)};
    report.passages[0].hashed = report.passages[0].canary = true;
    report.passages[0].bucket = 7;
    intake.add(report, Monotonic{2});
    auto tick = intake.take(.2, true);
    CHECK(first_slow(tick.canary_first) == analysis::SlowCounts{1, 1, 1});
    CHECK(tick.canary_first.paced == 1);
    CHECK(tick.canary_first.paced_slow == analysis::SlowCounts{1, 1, 1});
    CHECK(tick.canary_first.whole.paced_slow == analysis::SlowCounts{1, 1, 1});
    CHECK(tick.canary_first.tail.ever() == 1);
    CHECK(tick.canary_first.seen == 1);
    WorkerReport over;
    over.failed_buckets.push_back({kRoute, {}, {}, {}, 20});
    FailedBuckets::Sample sample;
    sample.bucket = 7, sample.canary = true;
    sample.latency = sample.whole = static_cast<std::uint16_t>(Histogram::index(60'000));
    sample.told_head = sample.told_whole = static_cast<std::uint16_t>(Histogram::index(50'000));
    over.failed_buckets[0].samples = {sample};
    static_cast<void>(intake.take(31, true));  // another bet is placed: it was slow before that
    intake.add(over, Monotonic{3});
    tick = intake.take(.2, true);
    CHECK(tick.canary_first.slow[0].size() == 0);
    CHECK(tick.canary_first.paced == 0);
    CHECK(tick.canary_first.seen == 0);
}
