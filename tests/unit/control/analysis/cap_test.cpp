#include "control/analysis/cap_test.h"

#include <doctest/doctest.h>

#include <cmath>

using switchyard::control::analysis::CapTest;

namespace {
const double kThreshold = std::log(1 / 2e-4);
}

TEST_CASE("without a cap it neither opens nor acts") {
    CapTest test(0, kThreshold, 900);
    for (int i = 0; i < 100; ++i) test.add(1, {50, 50}, {950, 0});
    CHECK_FALSE(test.on());
    CHECK_FALSE(test.near());
    CHECK_FALSE(test.alarmed());
}

TEST_CASE("luck before a regression is no credit: extra failures count from where they are most") {
    CapTest test(30, kThreshold, 900);
    for (int i = 0; i < 100; ++i) test.add(1, {50, 0}, {950, 10});  // 53 fewer than the baseline's rate explains
    CHECK(test.extra() == doctest::Approx(0));
    int seconds = 0;
    while (!test.alarmed() && seconds < 100) test.add(1, {50, 3}, {950, 10}), ++seconds;
    CHECK(test.extra() < 30);
}

TEST_CASE("it acts before the cap is passed, also after a long clean time") {
    CapTest test(30, kThreshold, 900);
    for (int i = 0; i < 1500; ++i) test.add(.2, {10, i % 10 == 0 ? 1U : 0U}, {190, 2});
    CHECK_FALSE(test.alarmed());
    unsigned ticks = 0;
    while (!test.alarmed() && ticks < 500) test.add(.2, {10, ticks++ % 2}, {190, 2});
    CHECK(test.alarmed());
    CHECK(test.extra() >= 15);
    CHECK(test.extra() < 30);
}

TEST_CASE("what the next tick would add counts already: the gate opens one tick earlier") {
    CapTest test(30, kThreshold, 900);
    test.add(.2, {20, 8}, {380, 0});
    CHECK(test.extra() == doctest::Approx(8));
    CHECK(test.near());
    CHECK(test.alarmed());
}

TEST_CASE("failures of both arms pass any cap by chance and roll nothing back without evidence") {
    CapTest test(30, kThreshold, 900);
    for (int i = 0; i < 40; ++i) test.add(1, {500, 51}, {500, 50});
    CHECK(test.near());
    CHECK_FALSE(test.alarmed());
}
