#include "proxy/net/wheel.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

using switchyard::net::Timer;
using switchyard::net::Wheel;

namespace {

struct Alarm : Timer {
    int id = 0;
};

// The wheel with its timers, and a plain list of deadlines beside it.
struct Beside {
    std::unique_ptr<Wheel> wheel = std::make_unique<Wheel>();
    std::vector<std::unique_ptr<Alarm>> alarms;
    std::vector<std::int64_t> deadline;  // 0: none
    std::int64_t now = 0;

    explicit Beside(std::size_t count, std::int64_t start) : deadline(count, 0), now(start) {
        wheel->start(start);
        for (std::size_t i = 0; i < count; ++i) {
            alarms.push_back(std::make_unique<Alarm>());
            alarms.back()->id = static_cast<int>(i);
        }
    }
    void set(std::size_t i, std::int64_t when) {
        wheel->set(*alarms[i], when);
        deadline[i] = when;
    }
    // Advances and checks: never early, never more than a tick and a half late.
    void advance(std::int64_t to) {
        now = to;
        wheel->advance(to, [&](Timer& timer) {
            const auto id = static_cast<std::size_t>(static_cast<Alarm&>(timer).id);
            CAPTURE(id);
            REQUIRE(deadline[id] != 0);
            REQUIRE(deadline[id] <= to);
            deadline[id] = 0;
        });
        for (std::size_t i = 0; i < deadline.size(); ++i) {
            CAPTURE(i);
            CAPTURE(to);
            if (deadline[i] != 0) REQUIRE(deadline[i] > to - 2 * Wheel::kTick);
        }
    }
};

}  // namespace

TEST_CASE("a deadline fires once, not before its time and within a tick of it") {
    Beside b(1, 1000);
    b.set(0, 1250);
    b.advance(1200);
    CHECK(b.deadline[0] == 1250);
    b.advance(1299);
    CHECK(b.deadline[0] == 1250);
    b.advance(1300);
    CHECK(b.deadline[0] == 0);
    b.advance(5000);  // a second firing would fail the check inside
}

TEST_CASE("a deadline that was taken away or put off does not fire at its old time") {
    Beside b(2, 0);
    b.set(0, 500);
    b.set(1, 500);
    b.set(0, 0);
    b.set(1, 90'000);
    b.advance(80'000);
    CHECK(b.deadline[1] == 90'000);
    b.advance(90'000);
    CHECK(b.deadline[1] == 0);
}

TEST_CASE("a deadline beyond the wheel's turn waits its time") {
    Beside b(1, 0);
    const std::int64_t far = Wheel::kTick * static_cast<std::int64_t>(Wheel::kSlots) * 5 + 30;
    b.set(0, far);
    for (std::int64_t t = 0; t < far; t += 700) b.advance(t);
    CHECK(b.deadline[0] == far);
    b.advance(far + 70);
    CHECK(b.deadline[0] == 0);
}

TEST_CASE("a deadline in the past fires at the next tick") {
    Beside b(1, 10'000);
    b.set(0, 1);
    b.advance(10'100);
    CHECK(b.deadline[0] == 0);
}

TEST_CASE("a timer that dies takes itself out") {
    Wheel wheel;
    wheel.start(0);
    int fired = 0;
    {
        Timer gone;
        wheel.set(gone, 100);
    }
    auto kept = std::make_unique<Timer>();
    wheel.set(*kept, 100);
    wheel.advance(1000, [&](Timer&) { ++fired; });
    CHECK(fired == 1);
}

TEST_CASE("what expires may destroy and set other timers of the same slot") {
    Wheel wheel;
    wheel.start(0);
    std::vector<std::unique_ptr<Timer>> timers;
    for (int i = 0; i < 10; ++i) {
        timers.push_back(std::make_unique<Timer>());
        wheel.set(*timers.back(), 100);
    }
    Timer later;
    int fired = 0;
    wheel.advance(100, [&](Timer& timer) {
        ++fired;
        wheel.set(later, 150);
        std::erase_if(timers, [&](const auto& t) { return t.get() != &timer && timers.size() > 1; });
    });
    CHECK(fired == 1);  // it destroyed the nine others
    wheel.advance(200, [&](Timer& timer) { fired += &timer == &later; });
    CHECK(fired == 2);
}

TEST_CASE("random settings agree with a plain list of deadlines") {
    std::mt19937_64 random(2);
    for (int round = 0; round < 20; ++round) {
        Beside b(50, static_cast<std::int64_t>(random() % 100'000));
        for (int step = 0; step < 2000; ++step) {
            const auto i = random() % 50;
            switch (random() % 4) {
                case 0:
                    b.set(i, 0);
                    break;
                case 1:
                    b.set(i, b.now + static_cast<std::int64_t>(random() % 300'000));
                    break;
                default:
                    b.set(i, b.now + static_cast<std::int64_t>(random() % 2000));
            }
            b.advance(b.now + static_cast<std::int64_t>(random() % 500));
        }
    }
}
