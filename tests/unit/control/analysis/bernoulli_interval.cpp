#include "control/analysis/bernoulli_interval.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "tests/unit/control/analysis/close_to.h"

using namespace switchyard::control::analysis;

TEST_CASE("the beta-binomial mixture has the values of the published implementation") {
    CHECK(close_to(best_rho(100, .05), 12.60056, 1e-5));
    const BetaBinomial two_sided(100, .05, .2, .8, false);
    CHECK(close_to(two_sided.logm(10, 100), -0.6941012, 1e-7));
    CHECK(close_to(two_sided.bound(100, .05), 31.4308, 1e-4));
    const BetaBinomial one_sided(100, .05, .2, .8, true);
    CHECK(close_to(one_sided.logm(10, 100), -0.07134019, 1e-8));
    CHECK(close_to(one_sided.bound(100, .05), 28.41238, 1e-5));
}

TEST_CASE("the interval of a rate has the reference values") {
    struct Row {
        std::uint64_t marks, requests;
        double low, high;
    };
    constexpr Row kRows[] = {{0, 100, 0.0, 0.10395240},
                             {0, 1000, 0.0, 0.00412220},
                             {5, 100, 0.00574907, 0.19032900},
                             {10, 1000, 0.00291699, 0.02237082},
                             {50, 1000, 0.03149868, 0.07341128}};
    for (const Row& row : kRows) {
        CAPTURE(row.marks);
        CAPTURE(row.requests);
        const Interval interval = bernoulli_interval(row.marks, row.requests, .05);
        CHECK(close_to(interval.low, row.low, 1e-8));
        CHECK(close_to(interval.high, row.high, 1e-8));
    }
}

TEST_CASE("nothing is known of a rate before the first request, and a rate of 1 has no upper limit but 1") {
    CHECK(bernoulli_interval(0, 0, .05).low == 0.0);
    CHECK(bernoulli_interval(0, 0, .05).high == 1.0);
    CHECK(bernoulli_interval(100, 100, .05).high == 1.0);
    CHECK(bernoulli_interval(100, 100, .05).low > 0.85);
}

TEST_CASE("the test of one limit agrees with the interval") {
    const BernoulliTest test(.01);
    for (const std::uint64_t n : {50U, 200U, 1000U, 20'000U})
        for (const double rate : {0.0, .002, .005, .009, .011, .02, .05}) {
            const auto k = static_cast<std::uint64_t>(rate * static_cast<double>(n));
            CAPTURE(n);
            CAPTURE(k);
            const Interval interval = bernoulli_interval(k, n, .05);
            CHECK(test.above(k, n, .05) == (interval.low > .01));
            CHECK(test.below(k, n, .05) == (interval.high < .01));
        }
}

TEST_CASE("looked at after every request, the interval misses the true rate no more often than stated") {
    constexpr double kRate = .01;
    constexpr int kRuns = 400;
    const BernoulliTest test(kRate);
    std::mt19937_64 random(20260101);
    std::bernoulli_distribution fails(kRate);
    int missed = 0;
    for (int run = 0; run < kRuns; ++run) {
        std::uint64_t marks = 0;
        for (std::uint64_t n = 1; n <= 3000; ++n) {
            marks += fails(random) ? 1 : 0;
            if (test.above(marks, n, .05) || test.below(marks, n, .05)) {
                ++missed;
                break;
            }
        }
    }
    CHECK(missed <= kRuns * 5 / 100);
}
