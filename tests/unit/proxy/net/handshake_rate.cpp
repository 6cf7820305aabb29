#include "proxy/net/handshake_rate.h"

#include <doctest/doctest.h>

using switchyard::net::HandshakeRate;

TEST_CASE("of handshakes that come at once a few begin at once, the others at even distances, and none too late") {
    constexpr std::int64_t kSecond = 1'000'000;
    HandshakeRate rate(100);
    const std::int64_t now = 1000 * kSecond;
    for (int i = 0; i < 10; ++i) CHECK(rate.reserve(now, kSecond) == 0);
    for (int i = 1; i <= 100; ++i) CHECK(rate.reserve(now, kSecond) == i * kSecond / 100);
    CHECK_FALSE(rate.reserve(now, kSecond));
    CHECK_FALSE(rate.reserve(now, kSecond));  // a refused one takes no time
    CHECK(rate.reserve(now + kSecond / 100, kSecond) == kSecond);
    // What was not used in a long time is not saved up.
    CHECK(rate.reserve(now + 60 * kSecond, kSecond) == 0);
    HandshakeRate one(1);
    CHECK(one.reserve(now, kSecond) == 0);
    CHECK(one.reserve(now, kSecond) == kSecond);
    CHECK_FALSE(one.reserve(now, kSecond));
}
