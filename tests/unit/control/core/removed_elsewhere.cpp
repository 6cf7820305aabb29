// An upstream that is taken out of the configuration while a process of before still has tunnels to it: its drain goes
// on under its name until they have ended, also when names that are not used are given up meanwhile.
#include <doctest/doctest.h>

#include "control/core/drain_book.h"
#include "proxy/snapshot/held_upstreams.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace std::chrono_literals;

namespace {

const WallTime kThen{};

// What control ties together: a book of drains, the names, and what another process says.
struct Tied {
    Tied() {
        book.name(blue, "blue");
        Drain drain;
        drain.generation = 5;
        drain.upstreams = {blue};
        book.open(drain);
        book.joined(4, true);
        book.adopted(0, 5, {}, kThen);
        book.adopted_elsewhere(kBefore, 5, kThen);
    }
    void says(std::vector<InFlight> in_flight) {
        book.reported(kBefore, in_flight, kThen);
        held.tell(kBefore, in_flight);
    }
    // No snapshot names it any more.
    void passes(std::chrono::minutes time) {
        for (const auto end = clock + time; clock < end; clock += 1min)
            for (const auto& [id, name] : registry.release(clock).upstreams) book.forget(id);
    }
    static constexpr unsigned kBefore = 1;  // one worker here
    Registry registry{1};
    const std::uint32_t blue = registry.upstream("blue");
    DrainBook book{1};
    HeldUpstreams held{registry};
    NameIds::Time clock{};
};

}  // namespace

TEST_CASE("a removed upstream keeps its drain while a process of before has tunnels to it, beyond the grace of names") {
    Tied tied;
    tied.says({{4, tied.blue, 0, 2}});
    tied.passes(25min);
    CHECK(tied.book.find(5)->state == Drain::State::running);
    CHECK(tied.book.in_flight(*tied.book.find(5)) == InFlightByUpstream{{"blue", {0, 2}}});
    CHECK(tied.registry.upstream("blue") == tied.blue);
    tied.says({{4, tied.blue, 0, 1}});
    tied.passes(25min);
    CHECK(tied.book.in_flight(*tied.book.find(5)).at("blue") == InFlightCount{0, 1});
    tied.says({});
    CHECK(tied.book.find(5)->state == Drain::State::done);
    tied.passes(9min);
    CHECK(tied.registry.upstream_name(tied.blue) == "blue");
    tied.passes(9min);
    CHECK(tied.registry.upstream_name(tied.blue).empty());
}

TEST_CASE("without it the name would be given up, and the drain with it: what the hold is for") {
    Tied tied;
    tied.book.reported(Tied::kBefore, {{4, tied.blue, 0, 2}}, kThen);
    tied.passes(25min);
    CHECK(tied.registry.upstream_name(tied.blue).empty());
    CHECK(tied.book.find(5)->upstreams.empty());
}

TEST_CASE("a process that is gone holds nothing; what another one holds stays") {
    Tied tied;
    tied.says({{4, tied.blue, 0, 2}});
    tied.held.tell(7, {{4, tied.blue, 1, 0}});
    tied.held.forget(Tied::kBefore);
    tied.passes(25min);
    CHECK(tied.registry.upstream_name(tied.blue) == "blue");
    tied.held.forget(7);
    tied.passes(25min);
    CHECK(tied.registry.upstream_name(tied.blue).empty());
}
