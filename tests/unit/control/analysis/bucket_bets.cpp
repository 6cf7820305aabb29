#include "control/analysis/bucket_bets.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "control/analysis/arm_factor.h"

using namespace switchyard::control::analysis;

namespace {

constexpr double kTolerated = 1.5, kAnHour = 3600;

// A crowd whose marks come at random, with an arm for each user: the canary's at `worse` times the rate.
struct Crowd {
    std::mt19937_64 dice;
    double share, rate, worse;
    std::vector<bool> canary;

    Crowd(std::uint64_t seed, double share_, double rate_, double worse_, std::size_t users)
        : dice(seed), share(share_), rate(rate_), worse(worse_) {
        for (std::size_t i = 0; i < users; ++i) canary.push_back(std::bernoulli_distribution(share)(dice));
    }
    // Marks of a second, in the order of their coming.
    std::vector<std::uint16_t> second() {
        std::vector<std::uint16_t> out;
        for (std::size_t i = 0; i < canary.size(); ++i)
            if (std::bernoulli_distribution(canary[i] ? std::min(1.0, rate * worse) : rate)(dice))
                out.push_back(static_cast<std::uint16_t>(i));
        return out;
    }
};

struct Counter {
    BetClock clock;
    MarkTable table;
    BucketBets bets{kTolerated, kFailureGrid, kAnHour};

    void second(Crowd& crowd) {
        FreshMarks canary, baseline;
        const BetNumber placed = clock.number();
        for (const auto user : crowd.second()) table.mark(user, placed, crowd.canary[user] ? canary : baseline);
        clock.advance(1);
        bets.add(placed, crowd.share, canary, baseline);
    }
};

}  // namespace

TEST_CASE(
    "one table gives each bet what a ledger of its own would: the first mark of each bucket since it was placed") {
    std::mt19937_64 dice(5);
    MarkTable table;
    std::vector<std::set<std::uint16_t>> ledgers(40);
    for (BetNumber placed = 1; placed < 40; ++placed) {
        FreshMarks marks;
        std::vector<std::uint64_t> expected(40, 0);
        for (int i = 0; i < 200; ++i) {
            const auto bucket = static_cast<std::uint16_t>(dice() % 500);
            table.mark(bucket, placed, marks);
            for (BetNumber bet = 1; bet <= placed; ++bet) expected[bet] += ledgers[bet].insert(bucket).second;
        }
        for (BetNumber bet = 1; bet <= placed; ++bet) {
            CAPTURE(placed);
            CAPTURE(bet);
            CHECK(marks.new_to(bet) == expected[bet]);
        }
    }
}

TEST_CASE("the evidence is that of the best bet, each multiplied by what was new to it") {
    BucketBets bets(kTolerated, kFailureGrid, kAnHour);
    FreshMarks canary, baseline;
    canary.add(0, 3), canary.add(1, 4);  // four of the seven are new to the second bet alone
    baseline.add(0, 2), baseline.add(1, 1);
    bets.add(2, .2, canary, baseline);
    double best = -1e9;
    for (const auto& [stake, in_canary, in_baseline] : {std::tuple{.5, 3U, 2U}, {.25 / 120, 7U, 3U}}) {
        double sum = 0;
        for (const double factor : kFailureGrid)
            sum += std::exp(log_arm_factor(in_canary, in_baseline, .2, kTolerated * factor, kTolerated));
        best = std::max(best, std::log(stake * sum / kGrid));
    }
    CHECK(bets.log_evidence() == doctest::Approx(best));
}

TEST_CASE("a release that is better gathers no evidence against itself, in a crowd that is all alike") {
    // A quarter of the marks, half of the users: one ledger of first marks for all would find every bucket of the old
    // release spent, and the new one's first marks nearly alone.
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        Crowd crowd(seed, .5, .02, .25, 800);
        Counter counter;
        double most = -1e9;
        for (int s = 0; s < 400; ++s) {
            counter.second(crowd);
            most = std::max(most, counter.bets.log_evidence());
        }
        CAPTURE(seed);
        CHECK(most < 3.0);
    }
}

TEST_CASE("nor does one that is as good as an old one that was out for a while") {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        Crowd crowd(seed, .2, .01, 1, 800);
        Counter counter;
        double most = -1e9;
        for (int s = 0; s < 300; ++s) {
            crowd.rate = s >= 40 && s < 55 ? .5 : .01;
            crowd.worse = s >= 40 && s < 55 ? .02 : 1;
            counter.second(crowd);
            most = std::max(most, counter.bets.log_evidence());
        }
        CAPTURE(seed);
        CHECK(most < 4.0);
    }
}

TEST_CASE("one that begins to fail after minutes without fault is found by a bet that was placed since") {
    Crowd crowd(3, .25, .002, 1, 2000);
    Counter counter;
    for (int s = 0; s < 300; ++s) counter.second(crowd);
    CHECK(counter.bets.log_evidence() < 5.0);
    crowd.worse = 5;
    int seconds = 0;
    while (counter.bets.log_evidence() < std::log(1 / 3.7e-4) && seconds < 300) counter.second(crowd), ++seconds;
    CHECK(seconds < 90);
}

TEST_CASE("stakes sum to at most 1 for ever, and old bets are thinned by their number alone") {
    // Nothing is marked, so a bet's evidence is its stake.
    for (const double horizon : {600.0, 3600.0, 86'400.0}) {
        BucketBets bets(kTolerated, kFailureGrid, horizon);
        std::size_t most = 0;
        for (BetNumber placed = 1; placed < 3000; ++placed) {
            bets.add(placed, .5, {}, {});
            most = std::max(most, bets.count());
            CHECK(bets.log_evidence() == doctest::Approx(std::log(.5)));
        }
        CHECK(most <= 64 + 32 * 7);
    }
}

TEST_CASE("the clock places a bet every thirty seconds, however the ticks are cut") {
    BetClock coarse, fine;
    for (int i = 0; i < 100; ++i) {
        coarse.advance(1);
        for (int k = 0; k < 8; ++k) fine.advance(.125);
        CHECK(coarse.number() == fine.number());
    }
    CHECK(coarse.number() == 4);
}
