#include "control/analysis/promote_test.h"

#include <doctest/doctest.h>

#include <cmath>

#include "control/analysis/arm_factor.h"
#include "tests/unit/control/analysis/close_to.h"

using namespace switchyard::control::analysis;

TEST_CASE("at twice the risk or more the expected factor never exceeds 1") {
    constexpr double kShapes[][2] = {{1, 1}, {5, 20}, {10, 10}, {50, 950}, {500, 9500}, {3, 100}};
    double most = 0.0;
    for (const auto& n : kShapes)
        for (const double rate : {1e-4, .001, .01, .05, .1, .2, .3})
            for (const double limit : {1.5, 2.0, 3.0})
                for (const double r : {.25, .5, 1.0, .9 * limit})
                    for (const double extra : {1.0, 1.2, 2.0}) {
                        if (rate * limit * extra > 1.0) continue;
                        const double share = n[0] / (n[0] + n[1]);
                        const double d = std::exp(log_dilution(share, r, limit));
                        most = std::max(most, std::exp(n[0] * std::log1p(rate * limit * extra * ((r / limit) / d - 1)) +
                                                       n[1] * std::log1p(rate * (1 / d - 1))));
                    }
    CHECK(most <= 1.0);
    CHECK(close_to(most, 0.9999999999592576, 1e-12));
}

TEST_CASE("equal failure rates are evidence for promotion, about as fast as planned") {
    // Planning: at a share of 5 % and 1 % errors an ideal test needs 212 failures; the mixture pays for not knowing.
    PromoteTest test;
    int failures = 0;
    while (test.evidence() < 20.0 && failures < 5000) {
        test.add(.05, failures % 20 == 10 ? 1 : 0, failures % 20 == 10 ? 0 : 1);
        ++failures;
    }
    CHECK(failures >= 200);
    CHECK(failures <= 420);
}

TEST_CASE("twice the failures never become evidence for promotion") {
    PromoteTest test;
    double most = 0.0;
    for (int i = 0; i < 10'000; ++i) {
        test.add(.05, i % 21 < 2 ? 1 : 0, i % 21 < 2 ? 0 : 1);  // 2 of 21 failures in 5 % of the traffic
        most = std::max(most, test.evidence());
    }
    CHECK(most < 20.0);
}

TEST_CASE("no failures at all say nothing") {
    PromoteTest test;
    for (int i = 0; i < 1000; ++i) test.add(.05, 0, 0);
    CHECK(test.evidence() == 1.0);
}
