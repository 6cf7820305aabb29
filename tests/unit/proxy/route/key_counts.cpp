#include "proxy/route/key_counts.h"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

using namespace switchyard::route;

namespace {

// A key whose set and tag are its own.
std::uint64_t key_number(std::uint64_t i) {
    return i * 0x9e3779b97f4a7c15ULL;
}

}  // namespace

TEST_CASE("the life of a key: places are taken until there are none, given back, and taken by others") {
    KeyCounts counts(1);
    const auto key = key_number(7);
    KeyCounts::Place a, b, c;
    CHECK(counts.enter(key, 2, a));
    CHECK(counts.enter(key, 2, b));
    CHECK(counts.count(key) == 2);
    CHECK_FALSE(counts.enter(key, 2, c));
    CHECK(counts.count(key) == 2);
    a.give_back();
    a.give_back();  // once
    CHECK(counts.count(key) == 1);
    CHECK(counts.enter(key, 2, c));
    {
        const KeyCounts::Place moved = std::move(b);
        CHECK(counts.count(key) == 2);
    }
    CHECK(counts.count(key) == 1);
    c = {};
    CHECK(counts.count(key) == 0);
    // A limit that was lowered meanwhile counts what is there.
    KeyCounts::Place d, e;
    CHECK(counts.enter(key, 9, d));
    CHECK_FALSE(counts.enter(key, 1, e));
}

TEST_CASE("keys know nothing of each other, and where a set is taken a newcomer passes and counts nothing") {
    KeyCounts counts(1, 8);  // one set
    std::vector<KeyCounts::Place> places(8);
    for (std::uint64_t i = 0; i < 8; ++i) CHECK(counts.enter(key_number(i + 1), 1, places[i]));
    for (std::uint64_t i = 0; i < 8; ++i) {
        KeyCounts::Place more;
        CHECK_FALSE(counts.enter(key_number(i + 1), 1, more));
    }
    KeyCounts::Place newcomer;
    CHECK(counts.enter(key_number(99), 1, newcomer));
    CHECK(counts.count(key_number(99)) == 0);
    places[3].give_back();
    CHECK(counts.enter(key_number(99), 1, newcomer));
    CHECK(counts.count(key_number(99)) == 1);
    // In another slot than before, it is still found.
    places[0].give_back();
    KeyCounts::Place again;
    CHECK_FALSE(counts.enter(key_number(99), 1, again));
}

TEST_CASE("in a random walk no key has more than its limit, and what is counted is what is held") {
    std::mt19937 random(11);
    KeyCounts counts(1);
    std::map<std::uint64_t, std::vector<KeyCounts::Place>> held;
    for (int step = 0; step < 100'000; ++step) {
        const auto key = key_number(random() % 50 + 1);
        auto& places = held[key];
        if (random() % 2 == 0) {
            KeyCounts::Place place;
            const bool entered = counts.enter(key, 5, place);
            REQUIRE(entered == (places.size() < 5));
            if (entered) places.push_back(std::move(place));
        } else if (!places.empty()) {
            places.erase(places.begin());
        }
        REQUIRE(counts.count(key) == places.size());
    }
}

TEST_CASE("several workers together give the limit once, and everything comes back") {
    KeyCounts counts(1);
    const auto key = key_number(5);
    KeyCounts::Place first;  // known to all: no two of them meet it anew
    REQUIRE(counts.enter(key, 100, first));
    std::atomic<int> inside{1}, most{1};
    std::vector<std::thread> workers;
    for (int w = 0; w < 4; ++w)
        workers.emplace_back([&] {
            for (int i = 0; i < 20'000; ++i) {
                KeyCounts::Place place;
                if (!counts.enter(key, 3, place)) continue;
                const int now = ++inside;
                for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
                --inside;
            }
        });
    for (auto& worker : workers) worker.join();
    CHECK(most <= 3);
    CHECK(counts.count(key) == 1);
}
