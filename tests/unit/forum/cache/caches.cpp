#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <stdexcept>
#include <thread>
#include <vector>

#include "forum/cache/counters.h"
#include "forum/cache/page_cache.h"

using namespace forum;

namespace {
const PageCache::Secret kSecret = [] { return std::string("secret"); };
}  // namespace

TEST_CASE("a page is built once per version") {
    PageCache cache(1'000'000, kHour, nullptr, "test", kSecret);
    int built = 0;
    const auto get = [&](std::uint64_t version) {
        return cache.get("k", version, [&] { return Page{std::to_string(++built), "e"}; })->body;
    };
    CHECK(get(1) == "1");
    CHECK(get(1) == "1");
    CHECK(get(2) == "2");
    CHECK(get(2) == "2");
    CHECK(cache.counts().hits == 2);
}

TEST_CASE("many threads that miss together build once") {
    PageCache cache(1'000'000, kHour, nullptr, "test", kSecret);
    constexpr int kThreads = 16;
    std::barrier start(kThreads);
    std::atomic<int> built = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            cache.get("k", 1, [&] {
                ++built;
                return Page{"body", "e"};
            });
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(built == 1);
}

TEST_CASE("a build that fails fails its caller only, and the next one builds") {
    PageCache cache(1'000'000, kHour, nullptr, "test", kSecret);
    CHECK_THROWS_AS(cache.get("k", 1, []() -> Page { throw std::runtime_error("no"); }), std::runtime_error);
    CHECK(cache.get("k", 1, [] { return Page{"yes", "e"}; })->body == "yes");
}

TEST_CASE("bodies held stay within the bound") {
    PageCache cache(16 * 1'000, kHour, nullptr, "test", kSecret);
    for (int i = 0; i < 1'000; ++i) {
        cache.get("k" + std::to_string(i), 1, [] { return Page{std::string(400, 'x'), "e"}; });
    }
    int again = 0;
    for (int i = 0; i < 1'000; ++i) {
        cache.get("k" + std::to_string(i), 1, [&] {
            ++again;
            return Page{std::string(400, 'x'), "e"};
        });
    }
    CHECK(again >= 1'000 - 16 * 1'000 / 400);
}

TEST_CASE("an entry ends after its life even when nothing changed") {
    PageCache cache(1'000'000, 0, nullptr, "test", kSecret);
    int built = 0;
    for (int i = 0; i < 3; ++i) cache.get("k", 1, [&] { return Page{std::to_string(++built), "e"}; });
    CHECK(built == 3);
}

TEST_CASE("counters count within their window and begin again after it") {
    Counters counters(nullptr);
    CHECK(counters.add("k", kMinute, 1'000) == 1);
    CHECK(counters.add("k", kMinute, 1'001) == 2);
    CHECK(counters.add("other", kMinute, 1'001) == 1);
    CHECK(counters.add("k", kMinute, 1'000 + kMinute) == 1);
    counters.forget("k");
    CHECK(counters.add("k", kMinute, 1'001 + kMinute) == 1);
}

TEST_CASE("a Redis that is not there changes nothing but the time") {
    RedisLink gone("127.0.0.1:1", std::chrono::milliseconds(50));
    PageCache cache(1'000'000, kHour, &gone, "test", kSecret);
    Counters counters(&gone);
    CHECK(cache.get("k", 1, [] { return Page{"body", "e"}; })->body == "body");
    CHECK(counters.add("k", kMinute, 1'000) == 1);
    CHECK(counters.add("k", kMinute, 1'000) == 2);
    CHECK_FALSE(gone.ping());
    CHECK(gone.counts().failures >= 1);
    CHECK_FALSE(gone.usable());
}

TEST_CASE("an address without a port is refused with what was expected") {
    CHECK_THROWS_WITH(RedisLink("localhost", std::chrono::milliseconds(1)),
                      "redis: expected host:port, got 'localhost'");
    CHECK_THROWS(RedisLink("localhost:0", std::chrono::milliseconds(1)));
    CHECK_THROWS(RedisLink("localhost:99999", std::chrono::milliseconds(1)));
}

TEST_CASE("what is held stays within the bound however long the keys and short the bodies are") {
    constexpr std::size_t kBytes = 16 * 20'000;
    PageCache cache(kBytes, kHour, nullptr, "test", kSecret);
    for (const std::size_t length : {10U, 700U, 7'000U, 30'000U}) {
        CAPTURE(length);
        for (int i = 0; i < 2'000; ++i) {
            cache.get(std::string(length, 'k') + std::to_string(i), 1, [] { return Page{"{}", "e"}; });
            REQUIRE(cache.bytes_held() <= kBytes);
        }
    }
    // What does not fit is answered and not kept, and leaves what is there alone.
    const std::size_t before = cache.bytes_held();
    CHECK(cache.get("large", 1, [] { return Page{std::string(30'000, 'x'), "e"}; })->body.size() == 30'000);
    CHECK(cache.bytes_held() == before);
}

TEST_CASE("a page that is not worth keeping is built for everybody who asks") {
    PageCache cache(1'000'000, kHour, nullptr, "test", kSecret);
    int built = 0;
    for (int i = 0; i < 3; ++i) {
        cache.get("k", 1, [&] {
            ++built;
            return Page{"[]", "e", false};
        });
    }
    CHECK(built == 3);
    CHECK(cache.bytes_held() == 0);
}

TEST_CASE("entries that ended are not held beside fresh ones") {
    PageCache cache(1'000'000, 0, nullptr, "test", kSecret);
    for (int i = 0; i < 2'000; ++i) cache.get("k" + std::to_string(i), 1, [] { return Page{"body", "e"}; });
    PageCache one(1'000'000, 0, nullptr, "test", kSecret);
    for (int i = 0; i < 2'000; ++i) one.get("k", 1, [] { return Page{"body", "e"}; });
    CHECK(cache.bytes_held() <= 16 * one.bytes_held() + 16 * 16);
}

TEST_CASE("a flood of keys does not take away the counts it hides behind") {
    Counters counters(nullptr);
    for (int i = 0; i < 8; ++i) counters.add("watched", kHour, 1'000);
    for (int i = 0; i < 250'000; ++i) counters.add("flood" + std::to_string(i), kHour, 1'000);
    CHECK(counters.count("watched", 1'000) == 8);
}
