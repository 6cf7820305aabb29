#include "proxy/route/split.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "proxy/route/decide.h"

using switchyard::route::Split;
using switchyard::route::sticky_hash;

namespace {

Split split_of(std::vector<std::uint32_t> weights) {
    return Split(weights);
}

std::string sequence(const Split& split, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += static_cast<char>('a' + split.at(i));
    return out;
}

}  // namespace

TEST_CASE("a split lays its arms out as nginx's smooth weighted round robin does") {
    CHECK(sequence(split_of({5, 1, 1}), 7) == "aabacaa");
    CHECK(sequence(split_of({11, 3}), 14) == "aabaaaabaaabaa");
    CHECK(sequence(split_of({3, 2, 1}), 6) == "abacba");
    CHECK(sequence(split_of({1, 1}), 4) == "abab");
}

TEST_CASE("every window of a hundred requests has exactly one of one percent, wherever it begins") {
    for (const auto& weights : {std::vector<std::uint32_t>{99, 1}, {990, 10}, {99'000, 1'000}}) {
        const auto split = split_of(weights);
        REQUIRE(split.period() == 100);
        for (std::uint64_t begin = 0; begin < 300; ++begin) {
            unsigned canary = 0;
            for (std::uint64_t i = 0; i < 100; ++i) canary += split.at(begin + i);
            CAPTURE(begin);
            REQUIRE(canary == 1);
        }
    }
}

TEST_CASE("random weights are exact over a period and never far from their share inside it") {
    std::mt19937 random(9);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::uint32_t> weights(2 + random() % 4);
        std::uint64_t sum = 0;
        for (auto& w : weights) sum += w = static_cast<std::uint32_t>(random() % 40);
        if (sum == 0) continue;
        const auto split = split_of(weights);
        REQUIRE(sum % split.period() == 0);
        std::vector<double> got(weights.size(), 0);
        double worst = 0;
        for (std::uint64_t i = 0; i < split.period(); ++i) {
            got[split.at(i)] += 1;
            for (std::size_t arm = 0; arm < weights.size(); ++arm)
                worst = std::max(
                    worst, std::abs(got[arm] - static_cast<double>(i + 1) * weights[arm] / static_cast<double>(sum)));
        }
        CAPTURE(round);
        for (std::size_t arm = 0; arm < weights.size(); ++arm)
            REQUIRE(static_cast<std::uint64_t>(got[arm]) * sum == weights[arm] * split.period());
        // Smooth: no arm is ever a whole turn of all arms ahead or behind.
        REQUIRE(worst < static_cast<double>(weights.size()));
    }
}

TEST_CASE("an arm that has everything needs no position") {
    const auto split = split_of({0, 7, 0});
    CHECK(split.single());
    CHECK(split.only() == 1);
    CHECK(split.by_hash(0) == 1);
    CHECK(split.by_hash(0xffff'ffffu) == 1);
    CHECK(split_of({0, 0}).period() == 0);
}

TEST_CASE("a hundred percent is everybody and nothing is nobody") {
    CHECK(split_of({0, 1}).by_hash(0xffff'ffffu) == 1);
    CHECK(split_of({1, 0}).by_hash(0) == 0);
    CHECK(split_of({1, 0}).by_hash(0xffff'ffffu) == 0);
}

TEST_CASE("a ramp by hash takes its share of 200000 keys and only ever adds") {
    constexpr int kKeys = 200'000;
    std::vector<std::uint32_t> hashes;
    for (int i = 0; i < kKeys; ++i) hashes.push_back(sticky_hash("rollout-1", "user-" + std::to_string(i)));
    std::vector<bool> in(kKeys, false);
    for (const std::uint32_t percent : {0u, 1u, 5u, 10u, 25u, 50u, 75u, 99u, 100u}) {
        const auto split = split_of({100 - percent, percent});
        int count = 0;
        for (int i = 0; i < kKeys; ++i) {
            const bool now = split.by_hash(hashes[static_cast<std::size_t>(i)]) == 1;
            REQUIRE((now || !in[static_cast<std::size_t>(i)]));  // nobody leaves while the weight grows
            in[static_cast<std::size_t>(i)] = now;
            count += now;
        }
        CAPTURE(percent);
        const double expected = kKeys * percent / 100.0;
        // Five standard deviations of a binomial share.
        const double allowed = 5 * std::sqrt(expected * (1 - percent / 100.0)) + 0.5;
        CHECK(std::abs(count - expected) <= allowed);
    }
}

TEST_CASE("different salts choose independently, the same salt the same keys") {
    const auto split = split_of({90, 10});
    constexpr int kKeys = 200'000;
    int both = 0, same = 0, one = 0;
    for (int i = 0; i < kKeys; ++i) {
        const std::string key = std::to_string(i);
        const bool a = split.by_hash(sticky_hash("a", key)) == 1, b = split.by_hash(sticky_hash("b", key)) == 1;
        one += a;
        both += a && b;
        same += a && split.by_hash(sticky_hash("a", key)) == 1;
    }
    CHECK(same == one);
    CHECK(std::abs(both - kKeys / 100) < 5 * 45);  // 1 % of them; 45 is one standard deviation
}

TEST_CASE("salt and key are kept apart") {
    CHECK(sticky_hash("ab", "c") != sticky_hash("a", "bc"));
    CHECK(sticky_hash("", "abc") != sticky_hash("abc", ""));
    // Short and long texts take different ways to the same value.
    const std::string fill(256 - 1 - 4, 'k');
    CHECK(sticky_hash("salt", fill) != sticky_hash("salt", fill + "x"));
    CHECK(sticky_hash("salt", fill + "x") == sticky_hash("salt", fill + "x"));
}

TEST_CASE("raising one of three weights at the first one's cost only adds keys to it") {
    std::vector<int> before(20'000, -1);
    for (const std::uint32_t weight : {5u, 10u, 30u, 60u}) {
        const auto split = split_of({90 - weight, 10, weight});
        for (std::size_t i = 0; i < before.size(); ++i) {
            const int arm = static_cast<int>(split.by_hash(sticky_hash("s", std::to_string(i))));
            if (before[i] > 0) REQUIRE(arm == before[i]);
            before[i] = arm;
        }
    }
}
