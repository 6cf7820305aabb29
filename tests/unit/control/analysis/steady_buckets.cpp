#include "control/analysis/steady_buckets.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using switchyard::control::analysis::SteadyBuckets;

namespace {

bool request(SteadyBuckets& steady, std::uint16_t bucket, bool failed, bool canary = false) {
    bool counts = steady.attempt(bucket, canary);
    if (failed) counts = steady.fail(bucket, canary);
    steady.learn(bucket);
    return counts;
}

// Two hundred users of very different diligence; each fails at `rate` times a factor of its own.
SteadyBuckets after_traffic(double spread) {
    std::mt19937 dice(7);
    std::normal_distribution<double> normal;
    std::vector<double> factor, activity;
    for (int u = 0; u < 200; ++u) {
        factor.push_back(std::exp(spread * normal(dice) - spread * spread / 2));
        activity.push_back(1.0 / (1 + u));
    }
    std::discrete_distribution<int> who(activity.begin(), activity.end());
    SteadyBuckets steady;
    for (int i = 0; i < 60'000; ++i) {
        const int u = who(dice);
        std::bernoulli_distribution fails(std::min(1.0, 0.01 * factor[static_cast<std::size_t>(u)]));
        request(steady, static_cast<std::uint16_t>(u), fails(dice));
    }
    return steady;
}

}  // namespace

TEST_CASE("of a user who always fails the first failure counts and no other, in either arm") {
    for (const bool canary : {false, true}) {
        CAPTURE(canary);
        SteadyBuckets steady;
        int counted = 0;
        for (int i = 0; i < 1000; ++i) counted += request(steady, 9, true, canary);
        CHECK(counted == 1);
    }
}

TEST_CASE("when the release fails ten times as often for everybody, nearly every failure counts") {
    SteadyBuckets steady;
    for (int i = 0; i < 20'000; ++i) request(steady, static_cast<std::uint16_t>(100 + i % 500), i % 101 == 0);
    std::mt19937 dice(7);
    std::bernoulli_distribution fails(.1);
    int failures = 0, counted = 0;
    for (int i = 0; i < 4'000; ++i) {
        const bool failed = fails(dice);
        failures += failed;
        counted += request(steady, static_cast<std::uint16_t>(10 + i % 8), failed, true) && failed;
    }
    CHECK(counted > .9 * failures);
}

TEST_CASE("of a user who fails like everybody every failure counts") {
    SteadyBuckets steady;
    for (int i = 0; i < 20'000; ++i) request(steady, static_cast<std::uint16_t>(100 + i % 500), i % 101 == 0);
    int failures = 0, counted = 0;
    for (int i = 0; i < 400; ++i) {
        const bool fails = i % 25 == 24;  // four times as often as the others: a regression looks like this
        failures += fails;
        counted += request(steady, 9, fails, true) && fails;
    }
    CHECK(failures == 16);
    CHECK(counted == failures);
}

TEST_CASE("a report is judged by what was known before it") {
    SteadyBuckets steady;
    for (int i = 0; i < 100; ++i) CHECK(steady.attempt(9, true));
    int counted = 0;
    for (int i = 0; i < 100; ++i) counted += steady.fail(9, true);
    CHECK(counted == 1);
}

TEST_CASE("users who fail alike have no quota; users whose rates differ get one, once that is certain") {
    const SteadyBuckets alike = after_traffic(0.0);
    CHECK(alike.dispersion() == 0.0);
    CHECK(std::isinf(alike.quota()));
    const SteadyBuckets different = after_traffic(1.0);  // relative variance e - 1
    CHECK(different.dispersion() > 0.2);
    CHECK(different.dispersion() < 2.5);
    CHECK(different.quota() < 150);
    CHECK_FALSE(SteadyBuckets(different).attempt(0, false));  // the busiest has long used its quota up
}

TEST_CASE("what the canary's users do says nothing about how much the baseline's differ") {
    SteadyBuckets steady;
    for (int i = 0; i < 40'000; ++i) request(steady, static_cast<std::uint16_t>(i % 100), i % 173 == 0);
    CHECK(steady.dispersion() == 0.0);
    for (int i = 0; i < 10'000; ++i) request(steady, static_cast<std::uint16_t>(200 + i % 2), i % 20 < i % 2 * 2, true);
    CHECK(steady.dispersion() == 0.0);
}
