#include "proxy/base/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using switchyard::Histogram;

TEST_CASE("values land in the reference buckets") {
    struct Row {
        std::uint64_t value;
        std::size_t bucket;
    };
    constexpr Row kRows[] = {{0, 0},      {31, 31},      {32, 32},         {63, 63},          {64, 64},
                             {65, 64},    {100, 82},     {127, 95},        {128, 96},         {1000, 190},
                             {1024, 192}, {10'000, 295}, {1'000'000, 509}, {60'000'000, 697}, {0xffff'ffffULL, 895}};
    for (const Row& row : kRows) {
        CAPTURE(row.value);
        CHECK(Histogram::index(row.value) == row.bucket);
    }
}

TEST_CASE("buckets have the reference edges") {
    CHECK(Histogram::lower(190) == 992);
    CHECK(Histogram::upper(190) == 1007);
    CHECK(Histogram::lower(192) == 1024);
    CHECK(Histogram::upper(192) == 1055);
    CHECK(Histogram::lower(295) == 9984);
    CHECK(Histogram::upper(295) == 10239);
}

TEST_CASE("buckets cover every value once and are at most 3.2 percent wide") {
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
        CAPTURE(i);
        REQUIRE(Histogram::lower(i) == next);
        REQUIRE(Histogram::upper(i) >= Histogram::lower(i));
        REQUIRE(Histogram::index(Histogram::lower(i)) == i);
        REQUIRE(Histogram::index(Histogram::upper(i)) == i);
        if (i >= 32)
            REQUIRE(static_cast<double>(Histogram::upper(i) - Histogram::lower(i) + 1) <=
                    static_cast<double>(Histogram::lower(i)) / 32.0);
        next = Histogram::upper(i) + 1;
    }
    CHECK(next == 0x1'0000'0000ULL);
}

TEST_CASE("values beyond the largest count in the last bucket") {
    CHECK(Histogram::index(Histogram::kLargest + 1) == Histogram::kBuckets - 1);
    CHECK(Histogram::index(~0ULL) == Histogram::kBuckets - 1);
}

TEST_CASE("a quantile is the upper edge of the bucket that holds it") {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> spread(8.0, 1.0);
    std::vector<std::uint64_t> values;
    Histogram h;
    for (int i = 0; i < 20'000; ++i) {
        values.push_back(static_cast<std::uint64_t>(spread(random)));
        h.record(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double q : {.01, .25, .5, .9, .99, .999}) {
        CAPTURE(q);
        const auto exact = values[static_cast<std::size_t>(q * static_cast<double>(values.size()))];
        CHECK(h.quantile(q) == Histogram::upper(Histogram::index(exact)));
    }
    CHECK(h.quantile(1.0) == Histogram::upper(Histogram::index(values.back())));
}

TEST_CASE("an empty histogram has the quantile 0") {
    CHECK(Histogram().quantile(.5) == 0);
}

TEST_CASE("merging is the same as recording everything in one") {
    Histogram a, b, both;
    for (std::uint64_t v = 0; v < 5000; v += 7) {
        (v % 2 ? a : b).record(v * v);
        both.record(v * v);
    }
    a.merge(b);
    REQUIRE(a.total() == both.total());
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i) REQUIRE(a.at(i) == both.at(i));
    a.clear();
    CHECK(a.total() == 0);
}
