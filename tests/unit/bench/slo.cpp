#include "bench/yardbench/report/slo.h"

#include <doctest/doctest.h>

#include "bench/yardbench/report/duration.h"

using namespace yardbench;

namespace {

Tally tally_of(int good, int failed, Nanos latency) {
    Tally tally;
    for (int i = 0; i < good + failed; ++i) tally.latency.record(latency);
    tally.finished = static_cast<std::uint64_t>(good + failed);
    tally.failures[static_cast<std::size_t>(Failure::status)] = static_cast<std::uint64_t>(failed);
    tally.measured_until = kSecond;
    return tally;
}

}  // namespace

TEST_CASE("expectations hold and break where they say") {
    const Tally tally = tally_of(999, 1, 10 * kMillisecond);
    struct Row {
        const char* text;
        bool held;
    };
    for (const Row row :
         {Row{"p99=20ms", true}, Row{"p99=5ms", false}, Row{"errors=0.1%", true}, Row{"errors=0%", false},
          Row{"errors=0.001", true}, Row{"rate=1000", true}, Row{"rate=1001", false},
          Row{"max=10ms,p99.9=11ms,errors=1%", true}, Row{"max=10ms,p50=1ms", false}}) {
        CAPTURE(row.text);
        CHECK(Slo(row.text).held(tally) == row.held);
    }
}

TEST_CASE("a run without a single answer holds no latency") {
    CHECK_FALSE(Slo("p99=1s").held(Tally{}));
}

TEST_CASE("requests that could not even be sent are errors") {
    Tally tally = tally_of(100, 0, 1);
    tally.unsent = 100;
    CHECK_FALSE(Slo("errors=49%").held(tally));
    CHECK(Slo("errors=50%").held(tally));
}

TEST_CASE("nonsense is refused by name") {
    for (const char* text : {"p99", "p99=fast", "p100=1s", "errors=x%", "speed=9", "p99=20"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(Slo{text}, std::invalid_argument);
    }
}

TEST_CASE("durations") {
    CHECK(parse_duration("500ms") == 500 * kMillisecond);
    CHECK(parse_duration("1.5s") == 1500 * kMillisecond);
    CHECK(parse_duration("2m") == 120 * kSecond);
    for (const char* text : {"", "5", "s", "-1s", "1x"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_duration(text), std::invalid_argument);
    }
}
