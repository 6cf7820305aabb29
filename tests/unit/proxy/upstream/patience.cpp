#include "proxy/upstream/patience.h"

#include <doctest/doctest.h>

#include <random>

using switchyard::upstream::Patience;

TEST_CASE("the life of an endpoint's patience: unknown, proven, limited, breached, proven again") {
    Patience patience;
    CHECK_FALSE(patience.trusts(0));
    CHECK(patience.wants_proof(0));
    patience.survived(999, 999);
    CHECK_FALSE(patience.trusts(0));
    patience.survived(1000, 1000);
    CHECK_FALSE(patience.wants_proof(1000));
    CHECK(patience.trusts(500));
    CHECK_FALSE(patience.trusts(501));
    patience.survived(60'000, 61'000);
    CHECK(patience.trusts(30'000));
    patience.closed(5000, 70'000);  // a close in its own time: no breach, but a limit
    CHECK(patience.trusts(2500));
    CHECK_FALSE(patience.trusts(2501));
    patience.closed(999, 80'000);
    CHECK_FALSE(patience.trusts(0));
    CHECK_FALSE(patience.wants_proof(80'000 + Patience::kFirstRestMs - 1));
    CHECK(patience.wants_proof(80'000 + Patience::kFirstRestMs));
    patience.survived(1000, 92'000);
    CHECK(patience.trusts(500));  // the limit from before the breach is forgotten
}

TEST_CASE("a restart that closes many connections is one breach; breaches in a row rest for longer") {
    Patience patience;
    for (int i = 0; i < 100; ++i) patience.closed(i, 1000);
    std::int64_t now = 1000, rest = Patience::kFirstRestMs;
    for (int i = 0; i < 10; ++i) {
        CHECK_FALSE(patience.wants_proof(now + rest - 1));
        now += rest;
        CHECK(patience.wants_proof(now));
        patience.closed(1, now);
        rest = std::min(2 * rest, Patience::kLongestRestMs);
    }
    now += rest + Patience::kForgetMs + 1;
    patience.closed(1, now);
    CHECK(patience.wants_proof(now + Patience::kFirstRestMs));
}

TEST_CASE("what was kept since before a breach proves nothing during the rest") {
    Patience patience;
    patience.closed(10, 1000);
    patience.survived(50'000, 1001);
    CHECK_FALSE(patience.trusts(0));
}

TEST_CASE("whatever happens: trust needs a proof that no early close has followed, and has its limits") {
    std::mt19937 random(7);
    Patience patience;
    std::int64_t now = 0, proven = 0, shortest = 1'000'000'000;
    for (int i = 0; i < 100'000; ++i) {
        now += random() % 5000;
        const std::int64_t idle = random() % (random() % 8 == 0 ? 1200 : 100'000);
        if (random() % 50 == 0) {
            patience.closed(idle, now);
            if (idle < Patience::kProofMs) {
                proven = 0;
                shortest = 1'000'000'000;
            } else {
                shortest = std::min(shortest, idle);
            }
        } else {
            patience.survived(idle, now);
            proven = std::max(proven, idle);
        }
        const std::int64_t asked = random() % 60'000;
        if (patience.trusts(asked)) {
            REQUIRE(proven >= Patience::kProofMs);
            REQUIRE(2 * asked <= proven);
            REQUIRE(2 * asked <= shortest);
        }
    }
}
