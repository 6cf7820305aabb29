#include "proxy/route/split.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "proxy/route/decide.h"

using switchyard::route::BlockDraw;
using switchyard::route::Split;
using switchyard::route::sticky_hash;

namespace {

Split split_of(std::vector<std::uint32_t> weights) {
    return Split(weights);
}

// How many of the `count` turns from `begin` on each arm gets.
std::vector<std::uint64_t> turns(const Split& split, std::uint64_t salt, std::uint64_t begin, std::uint64_t count,
                                 std::size_t arms) {
    std::vector<std::uint64_t> out(arms, 0);
    for (std::uint64_t i = 0; i < count; ++i) ++out[split.at({salt, begin + i})];
    return out;
}

}  // namespace

TEST_CASE(
    "every block of a hundred requests has exactly one of one percent, a window at most one too many or too few") {
    for (const auto& weights : {std::vector<std::uint32_t>{99, 1}, {990, 10}, {99'000, 1'000}}) {
        const auto split = split_of(weights);
        REQUIRE(split.period() == 100);
        for (std::uint64_t begin = 0; begin < 3000; begin += 7) {
            CAPTURE(begin);
            const std::uint64_t canary = turns(split, 42, begin, 100, 2)[1];
            REQUIRE(canary <= 2);
            if (begin % 100 == 0) REQUIRE(canary == 1);
        }
    }
}

TEST_CASE("random weights are exact in every block, whatever the salt") {
    std::mt19937_64 random(9);
    for (int round = 0; round < 300; ++round) {
        std::vector<std::uint32_t> weights(2 + random() % 4);
        std::uint64_t sum = 0;
        for (auto& w : weights) sum += w = static_cast<std::uint32_t>(random() % (round % 3 == 0 ? 4 : 400));
        if (sum == 0) continue;
        const auto split = split_of(weights);
        REQUIRE(sum % split.period() == 0);
        const std::uint64_t block = random() % 1'000'000'000;
        const auto got = turns(split, random(), block * split.period(), split.period(), weights.size());
        CAPTURE(round);
        for (std::size_t arm = 0; arm < weights.size(); ++arm) REQUIRE(got[arm] * sum == weights[arm] * split.period());
    }
}

TEST_CASE("any weights will do: the finest are as exact as the roundest") {
    const auto finest = split_of({999'999, 1});
    CHECK(finest.period() == 1'000'000);
    CHECK(turns(finest, 3, 5'000'000, 1'000'000, 2)[1] == 1);
    const auto widest = split_of(std::vector<std::uint32_t>(3, 1'000'000));
    CHECK(widest.period() == 3);
    const auto huge = split_of({999'999, 999'998, 999'997});
    CHECK(huge.period() == 2'999'994);
    for (std::uint64_t i = 0; i < 1000; ++i) CHECK(huge.at({7, ~std::uint64_t{0} - i}) < 3);
}

TEST_CASE("over 100000 keys every offset of a block gets every place equally often") {
    constexpr std::uint64_t kKeys = 100'000;
    for (const std::uint64_t period : {2u, 3u, 4u, 5u, 9u, 16u, 17u, 20u}) {
        const BlockDraw draw(period, period - 1);  // up to 9 drawn one by one, beyond permuted
        std::vector<std::uint64_t> times(period * period, 0);
        for (std::uint64_t salt = 0; salt < kKeys; ++salt) {
            std::vector<bool> taken(period, false);
            for (std::uint64_t offset = 0; offset < period; ++offset) {
                const std::uint64_t place = draw.place(salt, salt % 7 * period + offset);
                REQUIRE((place < period && !taken[place]));  // a permutation
                taken[place] = true;
                ++times[offset * period + place];
            }
        }
        const double expected = static_cast<double>(kKeys) / static_cast<double>(period);
        const double sigma = std::sqrt(expected * (1 - 1 / static_cast<double>(period)));
        for (std::size_t cell = 0; cell < times.size(); ++cell) {
            CAPTURE(period);
            CAPTURE(cell);
            CHECK(std::abs(static_cast<double>(times[cell]) - expected) <= 4 * sigma);
        }
    }
}

TEST_CASE("where only the first places are asked for, each goes to every offset equally often") {
    constexpr std::uint64_t kKeys = 100'000;
    for (const auto& [period, asked] : {std::pair{20u, 1u}, {20u, 3u}, {100u, 1u}, {100u, 5u}, {1'000'000u, 2u}}) {
        const BlockDraw draw(period, asked);
        const std::uint64_t looked_at = std::min(period, 20u);
        std::vector<std::uint64_t> times(looked_at * asked, 0);
        for (std::uint64_t salt = 0; salt < kKeys; ++salt)
            for (std::uint64_t offset = 0; offset < looked_at; ++offset) {
                const std::uint64_t place = draw.place(salt, 5 * period + offset);
                REQUIRE(place <= asked);
                if (place < asked) ++times[offset * asked + place];
            }
        const double expected = static_cast<double>(kKeys) / period;
        for (std::size_t cell = 0; cell < times.size(); ++cell) {
            CAPTURE(period);
            CAPTURE(cell);
            CHECK(std::abs(static_cast<double>(times[cell]) - expected) <= 4 * std::sqrt(expected) + 1);
        }
    }
}

TEST_CASE("what one block drew says nothing about the next, and two offsets of a block are any two places") {
    constexpr std::uint64_t kBlocks = 100'000;
    for (const std::uint64_t period : {2u, 3u, 4u, 5u, 9u}) {
        const BlockDraw draw(period, period - 1);
        std::vector<double> followed(period * period, 0), beside(period * period, 0);
        for (std::uint64_t block = 0; block < kBlocks; ++block) {
            const std::uint64_t first = draw.place(11, block * period), second = draw.place(11, block * period + 1),
                                next = draw.place(11, (block + 1) * period);
            followed[first * period + next] += 1;
            beside[first * period + second] += 1;
        }
        const double p = static_cast<double>(period);
        const auto near = [&](double times, double chance) {
            return std::abs(times - kBlocks * chance) <= 4 * std::sqrt(kBlocks * chance * (1 - chance));
        };
        for (std::uint64_t a = 0; a < period; ++a)
            for (std::uint64_t b = 0; b < period; ++b) {
                CAPTURE(period);
                CAPTURE(a);
                CAPTURE(b);
                CHECK(near(followed[a * period + b], 1 / (p * p)));
                if (a != b && period > 2) CHECK(near(beside[a * period + b], 1 / (p * (p - 1))));
            }
    }
}

TEST_CASE("a client that asks in a fixed order cannot keep one kind of request from an arm") {
    // Three GETs and a POST, over and over, while every fourth request is the new release's: by turn it would get
    // either every POST or none.
    const auto split = split_of({3, 1});
    constexpr int kRounds = 40'000;
    int posts = 0;
    for (int i = 0; i < kRounds; ++i) posts += split.at({2026, static_cast<std::uint64_t>(4 * i + 3)}) == 1;
    CHECK(std::abs(posts - kRounds / 4) < 4 * std::sqrt(kRounds * 0.25 * 0.75));
    // And in turn with another at half: a draw in each block of two.
    const auto half = split_of({1, 1});
    int firsts = 0;
    for (int i = 0; i < kRounds; ++i) firsts += half.at({2026, static_cast<std::uint64_t>(2 * i)}) == 1;
    CHECK(std::abs(firsts - kRounds / 2) < 4 * std::sqrt(kRounds * 0.25));
}

TEST_CASE("the order is the salt's: the same again, and another with another") {
    const auto split = split_of({1, 1});
    int same = 0, again = 0;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        same += split.at({1, i}) == split.at({2, i});
        again += split.at({1, i}) == split.at({1, i});
    }
    CHECK(again == 10'000);
    CHECK(std::abs(same - 5000) < 4 * 71);  // draws of whole pairs: one standard deviation is 71
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
            REQUIRE((now || !in[static_cast<std::size_t>(i)]));  // no user leaves while the weight grows
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
