// What can be seen of the breakers from outside.
#include "proxy/upstream/breaker_board.h"

#include <doctest/doctest.h>

using namespace switchyard::upstream;

namespace {

const switchyard::config::Breaker kTwoFailures = [] {
    switchyard::config::Breaker rule;
    rule.failure_percent = 50;
    rule.min_requests = 2;
    rule.window = std::chrono::seconds(10);
    rule.open_time = std::chrono::seconds(5);
    return rule;
}();

void end_attempt(Breaker& breaker, Breaker::Outcome outcome, std::int64_t now_ms) {
    REQUIRE(breaker.passes(kTwoFailures, now_ms));
    breaker.ended(kTwoFailures, breaker.admit(), outcome, now_ms);
}

}  // namespace

TEST_CASE("a breaker is seen open, then half open when its time is over, then closed; others are not touched") {
    BreakerBoard board(2);
    Breaker breaker;
    const auto sight = [&](std::int64_t now_ms) {
        board.show(1, breaker);
        return board.look(now_ms);
    };
    CHECK(sight(1000).open == 0);
    for (int i = 0; i < 2; ++i) end_attempt(breaker, Breaker::Outcome::failed, 1000);
    const auto open = sight(2000);
    CHECK(open.open == 1);
    CHECK(open.half_open == 0);
    CHECK(open.workers == 2);
    CHECK(open.rest_ms == 4000);
    CHECK_FALSE(open.all_open());
    // No worker has asked yet, but the one that asks now is let pass.
    CHECK(sight(6000).open == 0);
    CHECK(sight(6000).half_open == 1);
    for (std::uint32_t i = 0; i < Breaker::kProbes; ++i) {
        CHECK(sight(6000).half_open == 1);
        end_attempt(breaker, Breaker::Outcome::ok, 6000);
    }
    CHECK(sight(6000).half_open == 0);
}

TEST_CASE("nothing passes when it is open on every worker, and the first to rest out is named") {
    BreakerBoard board(2);
    for (unsigned worker = 0; worker < 2; ++worker) {
        Breaker breaker;
        for (int i = 0; i < 2; ++i) end_attempt(breaker, Breaker::Outcome::failed, 1000 + 500 * worker);
        board.show(worker, breaker);
    }
    CHECK(board.look(2000).all_open());
    CHECK(board.look(2000).rest_ms == 4000);
    CHECK(board.look(6200).open == 1);
    CHECK(board.look(6200).rest_ms == 300);
}

TEST_CASE("the breakers of another process begin as its board was, whatever its number of workers") {
    BreakerBoard before(3);
    Breaker open, half;
    for (int i = 0; i < 2; ++i) end_attempt(open, Breaker::Outcome::failed, 1000);
    for (int i = 0; i < 2; ++i) end_attempt(half, Breaker::Outcome::failed, 1000);
    CHECK(half.passes(kTwoFailures, 6000));
    before.show(0, open);
    before.show(2, half);
    CHECK_FALSE(before.all_closed());

    const BreakerBoard after(2, before.places());
    Breaker first, second;
    after.begin(0, first);
    after.begin(1, second);
    CHECK(first.state() == Breaker::State::open);
    CHECK_FALSE(first.passes(kTwoFailures, 5999));
    CHECK(first.passes(kTwoFailures, 6000));
    CHECK(first.state() == Breaker::State::half_open);
    CHECK(second.state() == Breaker::State::closed);
    CHECK(after.look(2000).open == 1);

    const BreakerBoard more(5, before.places());
    Breaker third;
    more.begin(2, third);
    CHECK(third.passes(kTwoFailures, 2000));  // half open there: the first attempt is the probe
    CHECK(third.state() == Breaker::State::half_open);
    CHECK(BreakerBoard(2).all_closed());
}
