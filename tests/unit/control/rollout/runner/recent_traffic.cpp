// What rollouts and watched switches begin with.
#include "control/rollout/runner/recent_traffic.h"

#include <doctest/doctest.h>

#include <memory>

using switchyard::WorkerReport;
using switchyard::control::rollout::RecentTraffic;

namespace {

WorkerReport served(std::uint32_t route, std::uint32_t upstream) {
    WorkerReport report;
    report.cells.push_back({route, upstream, std::make_unique<switchyard::Cell>()});
    report.cells[0].cell->attempts = 3;
    return report;
}

}  // namespace

TEST_CASE("counts are those of the last minute or two") {
    RecentTraffic recent;
    recent.turn(RecentTraffic::kSpan);
    recent.add(served(1, 1));
    recent.turn(2 * RecentTraffic::kSpan);
    recent.add(served(1, 1));
    CHECK(recent.of(1, 1).attempts == 6);
    recent.turn(3 * RecentTraffic::kSpan);
    CHECK(recent.of(1, 1).attempts == 3);
    recent.turn(4 * RecentTraffic::kSpan);
    CHECK(recent.of(1, 1).attempts == 0);
    CHECK(recent.size() == 0);
}

TEST_CASE("of what is configured no more nothing is kept, in either span") {
    RecentTraffic recent;
    for (std::uint32_t release = 1; release <= 100; ++release) {
        if (release == 50) recent.turn(RecentTraffic::kSpan);
        recent.add(served(1, release));
        recent.add(served(release, 1));
    }
    recent.add(served(0, 0));
    CHECK(recent.size() > 100);
    recent.keep({1, 2}, {1, 2});
    CHECK(recent.of(1, 1).attempts > 0);
    CHECK(recent.of(1, 2).attempts == 3);
    CHECK(recent.of(2, 1).attempts == 3);
    CHECK(recent.of(1, 3).attempts == 0);
    CHECK(recent.of(3, 1).attempts == 0);
    CHECK(recent.size() <= 2 * 4);
}
