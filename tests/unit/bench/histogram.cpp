#include "bench/yardbench/engine/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

using yardbench::Histogram;
using yardbench::Nanos;

TEST_CASE("a bucket's middle is at most half a percent away from every value in the bucket") {
    for (Nanos value = 1; value < (Nanos{1} << 42); value += value / 37 + 1) {
        CAPTURE(value);
        const Nanos middle = Histogram::middle(Histogram::index(value));
        REQUIRE(std::abs(static_cast<double>(middle - value)) <= 0.005 * static_cast<double>(value) + 0.5);
    }
}

TEST_CASE("buckets follow one another without gap or overlap") {
    for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
        CAPTURE(i);
        REQUIRE(Histogram::index(Histogram::lower(i)) == i);
        REQUIRE(Histogram::index(Histogram::lower(i + 1) - 1) == i);
    }
}

TEST_CASE("quantiles of random values are within one percent of the sorted truth, and max is exact") {
    std::mt19937_64 random(42);
    std::lognormal_distribution<double> draw(13, 1.5);
    std::vector<Nanos> all;
    Histogram left, right;
    for (int i = 0; i < 100'000; ++i) {
        const auto value = static_cast<Nanos>(draw(random));
        all.push_back(value);
        (i % 2 == 0 ? left : right).record(value);
    }
    left.merge(right);
    std::sort(all.begin(), all.end());
    for (double q : {0.5, 0.9, 0.99, 0.999, 0.9999}) {
        CAPTURE(q);
        const Nanos truth = all[static_cast<std::size_t>(std::ceil(q * 1e5)) - 1];
        CHECK(std::abs(static_cast<double>(left.quantile(q) - truth)) <= 0.01 * static_cast<double>(truth));
    }
    CHECK(left.max() == all.back());
    CHECK(left.min() == all.front());
    CHECK(left.total() == all.size());
}

TEST_CASE("an empty histogram answers nothing rather than nonsense") {
    const Histogram empty;
    CHECK(empty.quantile(0.99) == 0);
    CHECK(empty.min() == 0);
    CHECK(empty.max() == 0);
    CHECK(empty.mean() == 0.0);
}

TEST_CASE("one value is every quantile") {
    Histogram one;
    one.record(123'456);
    for (double q : {0.001, 0.5, 1.0}) CHECK(one.quantile(q) == 123'456);
}
