#include "proxy/route/rate_table.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace switchyard::route;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'000 * kSecond;

int allowed(RateTable& table, std::uint64_t key, const Rate& rate, int tries, std::int64_t now) {
    int out = 0;
    for (int i = 0; i < tries; ++i) out += table.take(key, rate, now) == 0;
    return out;
}

}  // namespace

TEST_CASE("a burst passes at once, then one request for each interval") {
    RateTable table(1);
    const Rate rate = Rate::of(10, 1000, 5);
    CHECK(allowed(table, 77, rate, 20, kStart) == 5);
    CHECK(allowed(table, 77, rate, 20, kStart + kSecond / 10 - 1) == 0);
    CHECK(allowed(table, 77, rate, 20, kStart + kSecond / 10) == 1);
    CHECK(allowed(table, 77, rate, 20, kStart + kSecond) == 5);  // nine intervals later the bucket is full again
}

TEST_CASE("without a burst it is as many as the rate asks for") {
    RateTable table(1);
    CHECK(allowed(table, 5, Rate::of(3, 60'000, 0), 9, kStart) == 3);
}

TEST_CASE("a refusal says when to come again, and then it is true") {
    RateTable table(1);
    const Rate rate = Rate::of(1, 2000, 1);
    CHECK(table.take(9, rate, kStart) == 0);
    const auto wait = table.take(9, rate, kStart + kSecond / 2);
    CHECK(wait == 3 * kSecond / 2);
    CHECK(table.take(9, rate, kStart + kSecond / 2 + wait - 1) > 0);
    CHECK(table.take(9, rate, kStart + kSecond / 2 + wait) == 0);
}

TEST_CASE("over a long time exactly the rate passes") {
    RateTable table(1);
    const Rate rate = Rate::of(7, 1000, 3);
    int passed = 0;
    for (std::int64_t ms = 0; ms < 100'000; ++ms) passed += table.take(123, rate, kStart + ms * 1'000'000) == 0;
    CHECK(passed >= 700);
    CHECK(passed <= 703);
}

TEST_CASE("keys do not know of each other, and the two reserved numbers are keys like others") {
    RateTable table(1);
    const Rate rate = Rate::of(1, 1000, 1);
    for (std::uint64_t key = 0; key < 2000; ++key) {
        CAPTURE(key);
        if (key == 2 || key == 3) continue;  // shared with 0 and 1
        CHECK(allowed(table, key, rate, 3, kStart) == 1);
    }
}

TEST_CASE("a flood of new keys does not free those who are at their limit") {
    RateTable table(1, 64);  // sixteen sets of four
    const Rate rate = Rate::of(10, 1000, 10);
    REQUIRE(allowed(table, 1000, rate, 30, kStart) == 10);
    for (std::uint64_t key = 2000; key < 12'000; ++key) CHECK(table.take(key, rate, kStart) == 0);
    CHECK(allowed(table, 1000, rate, 10, kStart) == 0);
}

TEST_CASE("several workers together give the rate once, not once each") {
    RateTable table(1);
    const Rate rate = Rate::of(1000, 1000, 1000);
    std::atomic<int> passed{0};
    std::vector<std::thread> workers;
    for (int w = 0; w < 4; ++w)
        workers.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) passed += table.take(4711, rate, kStart) == 0;
        });
    for (auto& worker : workers) worker.join();
    CHECK(passed >= 1000);
    CHECK(passed <= 1010);  // after many lost races in a row a request passes
}

TEST_CASE("who only asks hears what a taker would, and takes nothing") {
    RateTable table(1);
    const Rate rate = Rate::of(10, 1000, 2);
    for (std::uint64_t key : {0, 1, 77}) {
        CAPTURE(key);
        CHECK(table.wait(key, rate, kStart) == 0);
        CHECK(allowed(table, key, rate, 9, kStart) == 2);
        CHECK(table.wait(key, rate, kStart) == table.take(key, rate, kStart));
        CHECK(table.wait(key, rate, kStart) == kSecond / 10);
        CHECK(table.wait(key, rate, kStart + kSecond / 10) == 0);
    }
}

TEST_CASE("a burst that would last longer than time can be counted is a large burst") {
    RateTable table(1);
    const Rate rate = Rate::of(1, 24 * 3600 * 1000, 200'000);
    CHECK(rate.tolerance_ns > 0);
    CHECK(allowed(table, 7, rate, 1000, kStart) == 1000);
}

TEST_CASE("another table goes on with what is held: who had nothing left has nothing left there") {
    const Rate rate = Rate::of(10, 1000, 5);
    RateTable before(3);
    for (std::uint64_t key : {0, 1, 500, 7'000'000}) CHECK(allowed(before, key, rate, 9, kStart) == 5);
    CHECK(allowed(before, 12, rate, 2, kStart) == 2);
    RateTable after(before.seed());
    after.begin_with(before.held(kStart), kStart);
    for (std::uint64_t key : {0, 1, 500, 7'000'000}) {
        CAPTURE(key);
        CHECK(after.wait(key, rate, kStart) == before.wait(key, rate, kStart));
        CHECK(allowed(after, key, rate, 9, kStart) == 0);
        CHECK(allowed(after, key, rate, 9, kStart + kSecond / 10) == 1);
    }
    CHECK(allowed(after, 12, rate, 9, kStart) == 3);
    CHECK(before.held(kStart + 10 * kSecond).empty());  // all are full again: nothing to tell
}

TEST_CASE(
    "what comes beyond delay_after is told how long to wait, so that the rate holds; beyond the burst it is refused") {
    RateTable table(1);
    const Rate rate = Rate::of(10, 1000, 5, 2);
    std::vector<std::int64_t> delays;
    for (int i = 0; i < 5; ++i) {
        std::int64_t delay = 0;
        CHECK(table.take(77, rate, kStart, &delay) == 0);
        delays.push_back(delay / 1'000'000);
    }
    CHECK(delays == std::vector<std::int64_t>{0, 0, 100, 200, 300});
    std::int64_t delay = 0;
    CHECK(table.take(77, rate, kStart, &delay) == kSecond / 10);
    CHECK(delay == 0);
    // Evenly, as one that comes in time is not held.
    const Rate even = Rate::of(10, 1000, 3, 1);
    for (int i = 0; i < 3; ++i) {
        CHECK(table.take(78, even, kStart, &delay) == 0);
        CHECK(delay == i * kSecond / 10);
    }
    delay = 0;
    CHECK(table.take(78, even, kStart + kSecond, &delay) == 0);
    CHECK(delay == 0);
    // Where none is to wait none does.
    for (int i = 0; i < 5; ++i) CHECK(table.take(79, Rate::of(10, 1000, 5), kStart, &delay) == 0);
    CHECK(delay == 0);
}
