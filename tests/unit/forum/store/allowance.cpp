#include "forum/store/allowance.h"

#include <doctest/doctest.h>

#include "content_fixture.h"

using namespace forum;

TEST_CASE("what an account stores is added up within its day, and each account has its own") {
    Content content;
    const auto use = [&](std::int64_t user, std::int64_t texts, std::int64_t bytes, Instant at) {
        return use_allowance(content.connection, user, texts, bytes, at);
    };
    constexpr Instant kMorning = 1'000 * kDay + 17;
    CHECK(use(content.alice.row, 1, 100, kMorning).bytes == 100);
    CHECK(use(content.alice.row, 0, 20, kMorning + kHour).bytes == 120);
    CHECK(use(content.bob.row, 1, 7, kMorning + kHour).bytes == 7);
    const Allowance last = use(content.alice.row, 1, 3, kMorning + kDay - 1);
    CHECK(last.texts == 2);
    CHECK(last.bytes == 123);
    CHECK(last.ends_at == kMorning + kDay);
    const Allowance next = use(content.alice.row, 1, 5, kMorning + kDay);
    CHECK(next.texts == 1);
    CHECK(next.bytes == 5);
    CHECK(next.ends_at == kMorning + 2 * kDay);
}

TEST_CASE("a day that a clock began in the future shuts nobody out for long") {
    Content content;
    constexpr Instant kNow = 1'000 * kDay;
    (void)use_allowance(content.connection, content.alice.row, 500, 1, kNow + 31 * kDay);
    CHECK(use_allowance(content.connection, content.alice.row, 1, 1, kNow).texts == 1);
    // A clock that is a little behind another counts to the same day.
    CHECK(use_allowance(content.connection, content.alice.row, 1, 1, kNow - kMinute).texts == 2);
}
