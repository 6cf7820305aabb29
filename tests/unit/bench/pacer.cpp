#include "bench/yardbench/engine/pacer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

using namespace yardbench;

TEST_CASE("a fixed rate has its arrivals at equal distances, however late they are taken") {
    Pacer pacer({1000, 1000, 0}, 5 * kSecond, 0, 1);
    for (Nanos i = 0; i < 100'000; ++i) REQUIRE(std::abs(pacer.take() - (5 * kSecond + i * kMillisecond)) <= 1);
}

TEST_CASE("threads share one timetable: together they have every arrival once") {
    Pacer whole({777, 777, 0}, 0, 0, 1);
    std::vector<Nanos> merged;
    for (unsigned thread = 0; thread < 3; ++thread) {
        Pacer part({777, 777, 0}, 0, thread, 3);
        for (int i = 0; i < 1000; ++i) merged.push_back(part.take());
    }
    std::sort(merged.begin(), merged.end());
    for (Nanos t : merged) REQUIRE(t == whole.take());
}

TEST_CASE("a ramp offers the area under its line, then stays at its end") {
    struct Row {
        double first, last;
    };
    for (const Row row : {Row{0, 1000}, Row{1000, 100}, Row{100, 100}}) {
        CAPTURE(row.first);
        Pacer pacer({row.first, row.last, 10 * kSecond}, 0, 0, 1);
        Nanos before = 0;
        std::uint64_t in_ramp = 0, after = 0;
        for (Nanos t = pacer.take(); t < 20 * kSecond; t = pacer.take()) {
            REQUIRE(t >= before);
            before = t;
            ++(t < 10 * kSecond ? in_ramp : after);
        }
        CHECK(static_cast<double>(in_ramp) == doctest::Approx((row.first + row.last) / 2 * 10).epsilon(0.001));
        CHECK(static_cast<double>(after) == doctest::Approx(row.last * 10).epsilon(0.001));
        CHECK(pacer.due_by(10 * kSecond) == doctest::Approx((row.first + row.last) / 2 * 10));
    }
}
