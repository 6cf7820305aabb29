#include "control/analysis/arm_test.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "control/analysis/arm_factor.h"
#include "tests/unit/control/analysis/close_to.h"

using namespace switchyard::control::analysis;

namespace {

struct Sample {
    double canary_requests, baseline_requests;
    std::uint64_t canary_failures, baseline_failures;
};

double evidence_of(const std::vector<Sample>& ticks, double guard) {
    ArmTest test(guard, kFailureGrid, Restarts::none());
    for (const auto& t : ticks)
        test.add(1.0, t.canary_requests / (t.canary_requests + t.baseline_requests), t.canary_failures,
                 t.baseline_failures);
    return test.log_evidence();
}

// E[L] for one tick at the given true failure rates, exactly.
double expected_factor(double nc, double nb, double rate_c, double rate_b, double r, double r0) {
    const double share = nc / (nc + nb);
    const double d = std::exp(log_dilution(share, r, r0));
    return std::exp(nc * std::log1p(rate_c * ((r / r0) / d - 1.0)) + nb * std::log1p(rate_b * (1.0 / d - 1.0)));
}

constexpr double kTrafficShapes[][2] = {{1, 1}, {5, 20}, {10, 10}, {50, 950}, {500, 9500}, {3, 100}};
constexpr double kBaseRates[] = {1e-4, .001, .01, .05, .1, .2, .3};

}  // namespace

TEST_CASE("the factor of one tick has the reference values") {
    CHECK(close_to(log_arm_factor(3, 1, .1, 5, 1), 3.482424791, 1e-9));
    CHECK(close_to(log_arm_factor(3, 1, .1, 5, 1.5), 2.461190123, 1e-9));
    CHECK(close_to(log_arm_factor(0, 10, .1, 5, 1), -3.364722366, 1e-9));
}

TEST_CASE("the failure grid runs from 1.5 to 40 in sixteen even steps of the logarithm") {
    constexpr double kExpected[kGrid] = {1.5,       1.86705,   2.323916,  2.892578,  3.60039,   4.481405,
                                         5.578003,  6.942939,  8.641874,  10.756538, 13.388659, 16.66486,
                                         20.742746, 25.818489, 32.136266, 40.0};
    for (std::size_t i = 0; i < kGrid; ++i) {
        CAPTURE(i);
        CHECK(close_to(kFailureGrid[i], kExpected[i], 1e-6));
    }
}

TEST_CASE("the mixture over the grid has the reference values") {
    const std::vector<Sample> worse(10, {50, 950, 2, 10});
    const std::vector<Sample> clean(10, {50, 950, 0, 10});
    CHECK(close_to(evidence_of(worse, 1.0), 9.239667403, 1e-8));
    CHECK(close_to(evidence_of(worse, 1.5), 4.085468478, 1e-8));
    CHECK(close_to(evidence_of(clean, 1.0), -5.067525944, 1e-8));
    CHECK(close_to(evidence_of({{10, 990, 1, 9}, {100, 900, 5, 9}, {500, 500, 25, 5}}, 1.0), 10.49218858, 1e-8));
}

TEST_CASE("a handful of canary failures with none in the baseline is enough, and how many depends on the share") {
    struct Row {
        double alpha, guard;
        std::uint64_t needed[5];  // at shares of 1, 5, 10, 25 and 50 %
    };
    constexpr double kShares[5] = {.01, .05, .1, .25, .5};
    constexpr Row kRows[] = {
        {.05, 1.0, {2, 2, 2, 3, 6}},   {.05, 1.5, {2, 2, 3, 4, 8}},   {.05, 2.0, {2, 2, 3, 5, 9}},
        {.01, 1.0, {2, 3, 3, 5, 8}},   {.01, 1.5, {2, 3, 4, 6, 11}},  {.01, 2.0, {2, 3, 4, 7, 14}},
        {.001, 1.0, {3, 4, 4, 7, 12}}, {.001, 1.5, {3, 4, 5, 8, 16}}, {.001, 2.0, {3, 4, 6, 9, 20}}};
    for (const Row& row : kRows)
        for (std::size_t i = 0; i < 5; ++i) {
            CAPTURE(row.alpha);
            CAPTURE(row.guard);
            CAPTURE(kShares[i]);
            std::uint64_t failures = 0;
            double reached = 0.0;
            while (reached < 1.0 / row.alpha) {
                ArmTest test(row.guard, kFailureGrid, Restarts::none());
                test.add(1.0, kShares[i], ++failures, 0);
                reached = test.evidence();
            }
            CHECK(failures == row.needed[i]);
        }
}

TEST_CASE("at the edge of what is tolerated the expected factor never exceeds 1") {
    double most = 0.0;
    for (const auto& n : kTrafficShapes)
        for (const double rate : kBaseRates)
            for (const double guard : {1.0, 1.5, 2.0, 3.0})
                for (const double factor : {1.01, 1.5, 3.0, 10.0, 40.0})
                    if (rate * guard <= 1.0)
                        most = std::max(most, expected_factor(n[0], n[1], rate * guard, rate, guard * factor, guard));
    CHECK(most <= 1.0);
    CHECK(close_to(most, 0.9999999999997525, 1e-12));
}

TEST_CASE("the expected growth per tick at five times the failures is the reference value") {
    const double growth = 50 * .05 * std::log(5.0) - (50 * .05 + 950 * .01) * std::log(.05 * 5 + .95);
    CHECK(close_to(growth, 1.835736, 1e-6));
    CHECK(close_to(.05 * 50 * log_arm_factor(1, 0, .05, 5, 1) + .01 * 950 * log_arm_factor(0, 1, .05, 5, 1), growth,
                   1e-12));
}

TEST_CASE("an incident that hits both arms alike is no evidence") {
    ArmTest test(1.0, kFailureGrid, Restarts::none());
    for (int second = 0; second < 600; ++second) test.add(1.0, .05, 25, 475);  // half of all requests fail, everywhere
    CHECK(test.log_evidence() < 0.0);
}

TEST_CASE("with one arm alone nothing can be learned, and nothing is claimed") {
    ArmTest test(1.5, kFailureGrid);
    const double before = test.evidence();
    test.add(0.2, 1.0, 100, 0);
    test.add(0.2, 0.0, 0, 100);
    CHECK(test.evidence() == before);
}

TEST_CASE("evidence stays finite however much comes in") {
    ArmTest test(1.5, kFailureGrid);
    for (int i = 0; i < 1000; ++i) test.add(1.0, .01, 1'000'000, 0);
    CHECK(std::isfinite(test.log_evidence()));
    for (int i = 0; i < 1000; ++i) test.add(1.0, .99, 0, 1'000'000);
    CHECK(std::isfinite(test.log_evidence()));
    CHECK(test.evidence() >= 0.0);
}
