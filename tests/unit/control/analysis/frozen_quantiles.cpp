#include "control/analysis/frozen_quantiles.h"

#include <doctest/doctest.h>

using namespace switchyard::control::analysis;
using switchyard::Histogram;

namespace {
Histogram even_spread() {
    Histogram h;
    for (std::uint64_t us = 1; us <= 10'000; ++us) h.record(100 * us);
    return h;
}
}  // namespace

TEST_CASE("quantiles are frozen only from enough samples") {
    Histogram h;
    for (int i = 0; i < 999; ++i) h.record(500);
    CHECK_FALSE(FrozenQuantiles::from(h));
    h.record(500);
    CHECK(FrozenQuantiles::from(h));
}

TEST_CASE("what lies beyond a frozen quantile is counted per level, as a plain sum would") {
    const Histogram h = even_spread();
    const auto frozen = FrozenQuantiles::from(h);
    REQUIRE(frozen);
    const SlowCounts slow = frozen->count(h);
    for (std::size_t level = 0; level < kLevels; ++level) {
        CAPTURE(level);
        std::uint64_t plain = 0;
        for (std::size_t b = 0; b < Histogram::kBuckets; ++b)
            if (frozen->slow(level, b)) plain += h.at(b);
        CHECK(slow[level] == plain);
        const double share = static_cast<double>(plain) / 10'000;
        CHECK(share <= 1.0 - kLevelQuantiles[level]);
        CHECK(share >=
              1.0 - kLevelQuantiles[level] - .1);  // three buckets' widths: its own, the margin's, and one more
    }
}

TEST_CASE("equal quantiles, as of a service that always takes the same time, count alike") {
    Histogram h;
    for (int i = 0; i < 2000; ++i) h.record(7000);
    const auto frozen = FrozenQuantiles::from(h);
    REQUIRE(frozen);
    Histogram tick;
    tick.record(7000);
    tick.record(14'000);
    CHECK(frozen->count(tick) == SlowCounts{1, 1, 1});
}

TEST_CASE("of a service that always takes nearly the same time a hair more is not slow, at any level") {
    Histogram h;
    for (std::uint64_t us = 0; us < 2000; ++us) h.record(19'500 + us / 2);  // 20 ms, within one
    const auto frozen = FrozenQuantiles::from(h);
    REQUIRE(frozen);
    Histogram slower, certainly;
    for (std::uint64_t us = 0; us < 2000; ++us) slower.record(19'900 + us / 2), certainly.record(22'500 + us / 2);
    CHECK(frozen->count(slower) == SlowCounts{0, 0, 0});
    CHECK(frozen->count(certainly) == SlowCounts{2000, 2000, 2000});
    for (std::size_t level = 0; level < kLevels; ++level) {
        CHECK(frozen->limit_us(level) >= frozen->microseconds(level) + FrozenQuantiles::kLeastMargin);
        CHECK(frozen->limit_us(level) <= frozen->microseconds(level) * 11 / 10);
    }
}

TEST_CASE("where latencies differ from request to request the margin hardly moves what is slow") {
    Histogram h;
    for (std::uint64_t ms = 1; ms <= 2000; ++ms) h.record(1000 * ms);
    const auto frozen = FrozenQuantiles::from(h);
    REQUIRE(frozen);
    for (std::size_t level = 0; level < kLevels; ++level) CHECK(frozen->limit(level) - frozen->buckets[level] <= 2);
    CHECK(frozen->tail() == Histogram::index(kTailTimes * frozen->microseconds(kLevels - 1)));
}

TEST_CASE("of a service that answers in microseconds nothing below a millisecond is slow") {
    Histogram h;
    for (int i = 0; i < 2000; ++i) h.record(70);
    const auto frozen = FrozenQuantiles::from(h);
    REQUIRE(frozen);
    Histogram tick;
    tick.record(90);
    tick.record(900);
    CHECK(frozen->count(tick) == SlowCounts{0, 0, 0});
    tick.record(2000);
    CHECK(frozen->count(tick) == SlowCounts{1, 1, 1});
}

TEST_CASE("a value in the limit's own bucket is not above it") {
    Histogram h;
    h.record(500'000);
    CHECK(count_above(h, 500'000) == 0);
    h.record(600'000);
    CHECK(count_above(h, 500'000) == 1);
}
