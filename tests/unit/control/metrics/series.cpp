#include "control/metrics/series.h"

#include <doctest/doctest.h>

using namespace switchyard;
using namespace switchyard::control;

namespace {

const Series::Time kBegin{std::chrono::hours(2)};

Series::Time after(double seconds) {
    return kBegin + std::chrono::milliseconds(static_cast<int>(seconds * 1000));
}

WorkerReport counted(std::uint32_t route, std::uint32_t upstream, unsigned ok, unsigned failed, unsigned microseconds) {
    WorkerReport r;
    auto cell = std::make_unique<Cell>();
    cell->by_class[2] = ok;
    cell->by_class[5] = failed;
    for (unsigned i = 0; i < ok + failed; ++i) cell->duration.record(microseconds);
    r.cells.push_back({route, upstream, std::move(cell)});
    return r;
}

}  // namespace

TEST_CASE("a second is told once it is over, as the sum of all workers and of what came in pieces") {
    Series series;
    series.add(counted(1, 2, 8, 1, 100), after(0.1));
    series.add(counted(1, 2, 1, 0, 5000), after(0.9));
    CHECK(series.since(0, after(0.95)).lines.empty());
    const auto told = series.since(0, after(1.0));
    CHECK(told.to == Series::last_full(after(1.0)));
    REQUIRE(told.lines.count({1, 2}) == 1);
    const auto& last = told.lines.at({1, 2}).back();
    CHECK(last.requests == 10);
    CHECK(last.errors == 1);
    CHECK(last.p50_us == Histogram::upper(Histogram::index(100)));
    CHECK(last.p99_us == Histogram::upper(Histogram::index(5000)));
    CHECK(told.lines.at({1, 2}).size() == static_cast<std::size_t>(Series::kSeconds));
}

TEST_CASE("quantiles are of their second alone, and a silent second counts nothing") {
    Series series;
    series.add(counted(1, 2, 5, 0, 90'000), after(0));
    series.add(counted(1, 2, 5, 0, 100), after(2));
    const auto line = series.since(Series::last_full(after(0)), after(3)).lines.at({1, 2});
    REQUIRE(line.size() == 3);
    CHECK(line[0].p50_us == Histogram::upper(Histogram::index(90'000)));
    CHECK(line[1].requests == 0);
    CHECK(line[2].p99_us == Histogram::upper(Histogram::index(100)));
}

TEST_CASE("an upstream has a line over all of its routes") {
    Series series;
    series.add(counted(1, 2, 3, 0, 100), after(0));
    series.add(counted(4, 2, 4, 2, 100), after(0.5));
    series.add(counted(4, 3, 9, 0, 100), after(0.5));
    const auto told = series.since(0, after(1));
    CHECK(told.lines.at({Series::kAllRoutes, 2}).back().requests == 9);
    CHECK(told.lines.at({Series::kAllRoutes, 2}).back().errors == 2);
    CHECK(told.lines.at({Series::kAllRoutes, 3}).back().requests == 9);
}

TEST_CASE(
    "whoever names the second he has gets what came after it, and all of it when his clock is another machine's") {
    Series series;
    for (int second = 0; second < 5; ++second) series.add(counted(1, 2, 1, 0, 100), after(second));
    const auto first = series.since(0, after(3));
    const auto next = series.since(first.to, after(5));
    CHECK(next.seconds == 2);
    CHECK(next.lines.at({1, 2}).size() == 2);
    const auto none = series.since(next.to, after(5));
    CHECK(none.seconds == 0);
    CHECK(none.lines.empty());
    CHECK(series.since(next.to + 1'000'000, after(5)).seconds == Series::kSeconds);
}

TEST_CASE("ten minutes are kept and no longer, whether or not anything came since") {
    Series series;
    series.add(counted(1, 2, 1, 0, 100), after(0));
    CHECK(series.since(0, after(600)).lines.size() == 2);
    CHECK(series.since(0, after(601)).lines.empty());
    series.add(counted(1, 2, 7, 0, 100), after(1200));  // the same place in the ring
    CHECK(series.since(0, after(1201)).lines.at({1, 2}).back().requests == 7);
}

TEST_CASE("lines are bounded: the one that was silent for longest makes room; what is forgotten is gone") {
    Series series;
    for (std::uint32_t i = 0; i < 1000; ++i) series.add(counted(i, i, 1, 0, 100), after(i));
    CHECK(series.lines() == Series::kMostLines);
    CHECK(series.since(0, after(1000)).lines.count({999, 999}) == 1);
    series.forget_route(999);
    CHECK(series.since(0, after(1000)).lines.count({999, 999}) == 0);
    series.forget_upstream(998);
    CHECK(series.since(0, after(1000)).lines.count({998, 998}) == 0);
}

TEST_CASE("with more that is busy than there are lines, what is drawn has no gaps, and upstreams go before routes") {
    Series series;
    constexpr std::uint32_t kUpstreams = 200, kRoutes = 3;
    for (int second = 0; second < 5; ++second)
        for (std::uint32_t route = 0; route < kRoutes; ++route)
            for (std::uint32_t upstream = 0; upstream < kUpstreams; ++upstream)
                series.add(counted(route, upstream, 1, 0, 100), after(second));
    const auto told = series.since(Series::last_full(after(0)), after(5));
    REQUIRE(told.seconds == 5);
    CHECK(told.lines.size() == Series::kMostLines);
    std::size_t of_upstreams = 0, gaps = 0;
    for (const auto& [key, points] : told.lines) {
        const bool all = key.first == Series::kAllRoutes;
        of_upstreams += all;
        for (const auto& point : points) gaps += point.requests != (all ? kRoutes : 1);
    }
    CHECK(of_upstreams == kUpstreams);
    CHECK(gaps == 0);
}

TEST_CASE("a line makes room once it was silent for a minute, and not before") {
    Series series;
    for (std::uint32_t i = 0; i < Series::kMostLines; ++i) series.add(counted(i, 0, 1, 0, 100), after(0));
    REQUIRE(series.lines() == Series::kMostLines);  // one of them is the upstream's
    series.add(counted(999, 0, 1, 0, 100), after(59));
    CHECK(series.since(0, after(60)).lines.count({999, 0}) == 0);
    series.add(counted(999, 0, 1, 0, 100), after(60));
    CHECK(series.since(0, after(61)).lines.count({999, 0}) == 1);
    CHECK(series.lines() == Series::kMostLines);
    series.forget_route(999);
    series.add(counted(1000, 0, 1, 0, 100), after(60));
    CHECK(series.since(0, after(61)).lines.count({1000, 0}) == 1);
}

TEST_CASE("beyond the lines there are, upstreams keep theirs as well") {
    Series series;
    for (int second = 0; second < 3; ++second)
        for (std::uint32_t i = 0; i < 1000; ++i) series.add(counted(i, i, 1, 0, 100), after(second));
    const auto told = series.since(Series::last_full(after(0)), after(3));
    CHECK(told.lines.size() == Series::kMostLines);
    for (const auto& [key, points] : told.lines) {
        CHECK(key.first == Series::kAllRoutes);
        CHECK(points.front().requests == 1);
        CHECK(points.back().requests == 1);
    }
}
