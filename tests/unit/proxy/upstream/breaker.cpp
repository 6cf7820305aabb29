// The circuit breaker: its life, every state against every event, and a random walk against its laws.
#include "proxy/upstream/breaker.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using switchyard::upstream::Breaker;
using State = Breaker::State;
using Outcome = Breaker::Outcome;
using namespace std::chrono_literals;

namespace {

// Half of ten failures within ten seconds rest it for five.
switchyard::config::Breaker rule() {
    switchyard::config::Breaker out;
    out.failure_percent = 50;
    out.min_requests = 10;
    out.window = 10s;
    out.open_time = 5s;
    return out;
}

void attempt(Breaker& breaker, Outcome outcome, std::int64_t now_ms) {
    REQUIRE(breaker.passes(rule(), now_ms));
    breaker.ended(rule(), breaker.admit(), outcome, now_ms);
}

Breaker opened(std::int64_t now_ms) {
    Breaker out;
    for (int i = 0; i < 10; ++i) attempt(out, Outcome::failed, now_ms);
    REQUIRE(out.state() == State::open);
    return out;
}

Breaker half_open(std::int64_t now_ms) {
    Breaker out = opened(now_ms - 5000);
    REQUIRE(out.passes(rule(), now_ms));
    REQUIRE(out.state() == State::half_open);
    return out;
}

}  // namespace

TEST_CASE("the life of a breaker: trouble, rest, a probe that fails, rest again, probes that hold, trust") {
    Breaker b;
    for (int i = 0; i < 5; ++i) attempt(b, Outcome::ok, 1000);
    for (int i = 0; i < 4; ++i) attempt(b, Outcome::failed, 1500);
    CHECK(b.state() == State::closed);  // four of nine
    attempt(b, Outcome::failed, 1600);
    CHECK(b.state() == State::open);
    CHECK(b.rest_ms(1600) == 5000);
    CHECK_FALSE(b.passes(rule(), 6599));
    CHECK(b.passes(rule(), 6600));
    CHECK(b.state() == State::half_open);
    const auto probe = b.admit();
    CHECK_FALSE(b.passes(rule(), 6700));  // one at a time
    b.ended(rule(), probe, Outcome::failed, 6800);
    CHECK(b.state() == State::open);
    CHECK_FALSE(b.passes(rule(), 11'799));
    for (std::uint32_t i = 0; i < Breaker::kProbes; ++i) attempt(b, Outcome::ok, 12'000);
    CHECK(b.state() == State::closed);
    // The failures of the old days are forgotten.
    for (int i = 0; i < 9; ++i) attempt(b, Outcome::failed, 12'100);
    CHECK(b.state() == State::closed);
}

TEST_CASE("every state against every outcome") {
    struct Row {
        State from;
        Outcome outcome;
        State to;
    };
    const std::vector<Row> rows = {
        {State::closed, Outcome::ok, State::closed},
        {State::closed, Outcome::failed, State::closed},  // one failure is below min_requests
        {State::closed, Outcome::abandoned, State::closed},
        {State::open, Outcome::ok, State::open},  // stragglers of the time before say nothing any more
        {State::open, Outcome::failed, State::open},
        {State::open, Outcome::abandoned, State::open},
        {State::half_open, Outcome::ok, State::half_open},
        {State::half_open, Outcome::failed, State::open},
        {State::half_open, Outcome::abandoned, State::half_open},
    };
    for (const Row& row : rows) {
        CAPTURE(static_cast<int>(row.from));
        CAPTURE(static_cast<int>(row.outcome));
        Breaker b = row.from == State::closed ? Breaker()
                    : row.from == State::open ? opened(10'000)
                                              : half_open(10'000);
        b.ended(rule(), b.admit(), row.outcome, 10'100);
        CHECK(b.state() == row.to);
        // Whatever it was, no endpoint is locked out for ever.
        CHECK((b.passes(rule(), 10'200) || b.passes(rule(), 15'200)));
    }
}

TEST_CASE("an attempt that began before the breaker opened does not count as a probe") {
    Breaker b;
    const auto early = b.admit();
    for (int i = 0; i < 10; ++i) attempt(b, Outcome::failed, 0);
    REQUIRE(b.passes(rule(), 5000));
    const auto probe = b.admit();
    b.ended(rule(), early, Outcome::failed, 5100);
    CHECK(b.state() == State::half_open);
    CHECK_FALSE(b.passes(rule(), 5100));
    b.ended(rule(), probe, Outcome::ok, 5200);
    CHECK(b.passes(rule(), 5200));
}

TEST_CASE("failures that have left the window do not count") {
    Breaker b;
    for (int i = 0; i < 9; ++i) attempt(b, Outcome::failed, 0);
    for (int i = 0; i < 9; ++i) attempt(b, Outcome::ok, 11'000);
    attempt(b, Outcome::failed, 11'000);
    CHECK(b.state() == State::closed);
}

TEST_CASE("a breaker that is off lets everything pass") {
    Breaker b = opened(0);
    auto off = rule();
    off.failure_percent = 0;
    CHECK(b.passes(off, 1));
    Breaker slow;
    for (int i = 0; i < 50; ++i) slow.ended(off, slow.admit(), Outcome::failed, 0, 60'000);
    CHECK(slow.state() == State::closed);
}

namespace {

// Half of ten answers over a second within ten seconds rest it for five; failures do not.
switchyard::config::Breaker slow_rule() {
    auto out = rule();
    out.failure_percent = 0;
    out.slow_percent = 50;
    out.slow_over = 1s;
    return out;
}

void timed(Breaker& breaker, std::int64_t took_ms, std::int64_t now_ms, Outcome outcome = Outcome::ok) {
    REQUIRE(breaker.passes(slow_rule(), now_ms));
    breaker.ended(slow_rule(), breaker.admit(), outcome, now_ms, took_ms);
}

}  // namespace

TEST_CASE("the life of a breaker that knows slowness: in time, too late, rest, a slow probe, rest again, trust") {
    Breaker b;
    for (int i = 0; i < 5; ++i) timed(b, 1000, 1000);  // as long as is allowed
    for (int i = 0; i < 4; ++i) timed(b, 1001, 1500);
    CHECK(b.state() == State::closed);  // four of nine
    timed(b, 30'000, 1600);
    CHECK(b.state() == State::open);
    CHECK_FALSE(b.passes(slow_rule(), 6599));
    timed(b, 1001, 6600);
    CHECK(b.state() == State::open);
    for (std::uint32_t i = 0; i < Breaker::kProbes; ++i) timed(b, 3, 12'000);
    CHECK(b.state() == State::closed);
    // The slow ones of the old days are forgotten.
    for (int i = 0; i < 9; ++i) timed(b, 5000, 12'100);
    CHECK(b.state() == State::closed);
}

TEST_CASE(
    "to a breaker that knows slowness alone a failure is what it took: a quick one neither opens it nor keeps it so") {
    Breaker b;
    for (int i = 0; i < 50; ++i) timed(b, 1, 1000, Outcome::failed);
    CHECK(b.state() == State::closed);
    // An endpoint that hangs fails late.
    for (int i = 0; i < 50; ++i) timed(b, 30'000, 1100, Outcome::failed);
    CHECK(b.state() == State::open);
    for (std::uint32_t i = 0; i < Breaker::kProbes; ++i) timed(b, 1, 40'000, Outcome::failed);
    CHECK(b.state() == State::closed);
    // A client that left after a long wait says nothing.
    for (int i = 0; i < 50; ++i) timed(b, 30'000, 41'000, Outcome::abandoned);
    CHECK(b.state() == State::closed);
}

TEST_CASE("either share opens a breaker that knows both, and they are not added up") {
    auto both = slow_rule();
    both.failure_percent = 50;
    const auto end = [&](Breaker& b, Outcome outcome, std::int64_t took_ms) {
        REQUIRE(b.passes(both, 0));
        b.ended(both, b.admit(), outcome, 0, took_ms);
    };
    Breaker mixed;
    for (int i = 0; i < 4; ++i)
        end(mixed, Outcome::failed, 1), end(mixed, Outcome::ok, 9000), end(mixed, Outcome::ok, 1);
    CHECK(mixed.state() == State::closed);
    Breaker failing, slow;
    for (int i = 0; i < 10; ++i) end(failing, Outcome::failed, 1), end(slow, Outcome::ok, 9000);
    CHECK(failing.state() == State::open);
    CHECK(slow.state() == State::open);
}

TEST_CASE("slow answers that have left the window do not count") {
    Breaker b;
    for (int i = 0; i < 9; ++i) timed(b, 5000, 0);
    for (int i = 0; i < 9; ++i) timed(b, 1, 11'000);
    timed(b, 5000, 11'000);
    CHECK(b.state() == State::closed);
}

TEST_CASE("in a random walk at most one probe is under way, and only a failure opens it") {
    std::mt19937 random(7);
    Breaker b;
    std::int64_t now = 0;
    std::vector<Breaker::Ticket> under_way;
    int opened_times = 0, probes = 0;
    for (int step = 0; step < 200'000; ++step) {
        now += random() % 50;
        const State before = b.state();
        if (random() % 2 == 0) {
            if (!b.passes(rule(), now)) continue;
            REQUIRE(b.state() != State::open);
            const auto ticket = b.admit();
            if (b.state() == State::half_open) {
                ++probes;
                REQUIRE(std::find(under_way.begin(), under_way.end(), ticket) == under_way.end());
            }
            under_way.push_back(ticket);
        } else if (!under_way.empty()) {
            const auto at = random() % under_way.size();
            const auto outcome = static_cast<Outcome>(random() % 3);
            b.ended(rule(), under_way[at], outcome, now);
            under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(at));
            if (before != State::open && b.state() == State::open) {
                ++opened_times;
                REQUIRE(outcome == Outcome::failed);
            }
        }
    }
    CHECK(opened_times > 100);
    CHECK(probes > 100);
}
