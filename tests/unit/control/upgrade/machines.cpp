// The phases of both processes: a life of each, every event in every phase, and long random lives.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "control/upgrade/elder_machine.h"
#include "control/upgrade/heir_machine.h"

namespace switchyard::control::upgrade {
namespace {

using Elder = ElderMachine;
using Heir = HeirMachine;

constexpr Elder::Event kElderEvents[] = {
    Elder::Event::hello, Elder::Event::ready, Elder::Event::frozen, Elder::Event::serving, Elder::Event::refused,
    Elder::Event::gone,  Elder::Event::late,  Elder::Event::steady, Elder::Event::ends,    Elder::Event::drained};
constexpr Heir::Event kHeirEvents[] = {Heir::Event::rehearse, Heir::Event::refused,   Heir::Event::state,
                                       Heir::Event::adopted,  Heir::Event::committed, Heir::Event::alone,
                                       Heir::Event::abort,    Heir::Event::gone};

// What is so after some acts of the elder: told by the acts alone.
struct Standing {
    bool frozen = false, parked = false, other_runs = true, let_go = false, failed = false, exited = false;
    void take(const std::vector<Elder::Act>& acts) {
        for (const auto act : acts) switch (act) {
                case Elder::Act::rehearse:
                case Elder::Act::hand_over:
                case Elder::Act::done:
                    break;
                case Elder::Act::freeze:
                    frozen = true;
                    break;
                case Elder::Act::park:
                    REQUIRE(frozen);
                    parked = true;
                    break;
                case Elder::Act::let_go:
                    let_go = true;
                    break;
                case Elder::Act::end_it:
                    REQUIRE(!let_go);
                    other_runs = false;
                    break;
                case Elder::Act::take_back:
                    REQUIRE(!other_runs);  // two never accept and decide at once
                    parked = false;
                    break;
                case Elder::Act::thaw:
                    REQUIRE(!other_runs);
                    REQUIRE(!parked);
                    frozen = false;
                    break;
                case Elder::Act::failed:
                    failed = true;
                    break;
                case Elder::Act::exit:
                    exited = true;
                    break;
            }
    }
};

TEST_CASE("the elder: a life in which all goes well") {
    Elder machine;
    Standing so;
    for (const auto event : {Elder::Event::hello, Elder::Event::ready, Elder::Event::frozen, Elder::Event::serving}) {
        so.take(machine.on(event));
        CHECK(!so.let_go);
    }
    CHECK(so.parked);
    CHECK(machine.follows());
    so.take(machine.on(Elder::Event::steady));
    CHECK(so.let_go);
    CHECK(machine.phase() == Elder::Phase::drain);
    so.take(machine.on(Elder::Event::drained));
    CHECK(so.exited);
}

TEST_CASE("the elder: whatever fails in whatever phase, it goes on as before") {
    const std::vector<Elder::Event> way{Elder::Event::hello, Elder::Event::ready, Elder::Event::frozen,
                                        Elder::Event::serving};
    for (std::size_t steps = 0; steps <= way.size(); ++steps)
        for (const auto failure : {Elder::Event::refused, Elder::Event::gone, Elder::Event::late}) {
            CAPTURE(steps);
            Elder machine;
            Standing so;
            for (std::size_t i = 0; i < steps; ++i) so.take(machine.on(way[i]));
            so.take(machine.on(failure));
            CHECK(machine.phase() == Elder::Phase::over);
            CHECK(so.failed);
            CHECK(!so.other_runs);
            CHECK(!so.frozen);
            CHECK(!so.parked);
            CHECK(!so.let_go);
        }
}

TEST_CASE("the elder: the other one ends in order while it is on probation, and nothing is taken back") {
    Elder machine;
    Standing so;
    for (const auto event :
         {Elder::Event::hello, Elder::Event::ready, Elder::Event::frozen, Elder::Event::serving, Elder::Event::ends})
        so.take(machine.on(event));
    CHECK(so.let_go);
    CHECK(machine.phase() == Elder::Phase::drain);
}

TEST_CASE("the elder: random lives keep what it promises") {
    std::mt19937 random(7);
    for (int life = 0; life < 20'000; ++life) {
        Elder machine;
        Standing so;
        int failures = 0;
        for (int step = 0; step < 24; ++step) {
            const auto before = machine.phase();
            const auto acts = machine.on(kElderEvents[random() % std::size(kElderEvents)]);
            if (acts.empty()) CHECK(machine.phase() == before);
            so.take(acts);
            failures += static_cast<int>(std::count(acts.begin(), acts.end(), Elder::Act::failed));
            if (before == Elder::Phase::over) CHECK(acts.empty());
        }
        CHECK(failures <= 1);
        CHECK(!(so.failed && so.let_go));
        CHECK(so.failed == (machine.phase() == Elder::Phase::over && !so.exited));
    }
}

TEST_CASE("the heir: a life in which all goes well") {
    Heir machine;
    CHECK(machine.on(Heir::Event::rehearse) == std::vector{Heir::Act::rehearse});
    CHECK(machine.on(Heir::Event::state) == std::vector{Heir::Act::take});
    CHECK(machine.on(Heir::Event::adopted) == std::vector{Heir::Act::say_serving});
    CHECK(machine.on(Heir::Event::committed) == std::vector{Heir::Act::take_charge});
    CHECK(machine.on(Heir::Event::alone) == std::vector{Heir::Act::settle});
    CHECK(machine.on(Heir::Event::gone).empty());
    CHECK(machine.phase() == Heir::Phase::alone);
}

TEST_CASE("the heir: once it holds everything it goes on without the other one; before that it ends") {
    Heir early;
    early.on(Heir::Event::rehearse);
    CHECK(early.on(Heir::Event::gone) == std::vector{Heir::Act::exit});
    Heir late;
    late.on(Heir::Event::rehearse);
    late.on(Heir::Event::state);
    CHECK(late.on(Heir::Event::gone).empty());
    CHECK(late.on(Heir::Event::adopted) == std::vector{Heir::Act::take_charge, Heir::Act::settle});
    CHECK(late.phase() == Heir::Phase::alone);
}

TEST_CASE("the heir: random lives keep what it promises") {
    std::mt19937 random(11);
    for (int life = 0; life < 20'000; ++life) {
        Heir machine;
        int charges = 0;
        bool adopted = false, over = false;
        for (int step = 0; step < 24; ++step) {
            const auto event = kHeirEvents[random() % std::size(kHeirEvents)];
            const auto before = machine.phase();
            const auto acts = machine.on(event);
            if (over) CHECK(acts.empty());
            adopted = adopted || (event == Heir::Event::adopted &&
                                  (before == Heir::Phase::taking || before == Heir::Phase::orphaned));
            for (const auto act : acts) {
                if (act == Heir::Act::take_charge) {
                    ++charges;
                    CHECK(adopted);
                }
                if (act == Heir::Act::exit) over = true;
            }
            if (event == Heir::Event::abort && before != Heir::Phase::alone)
                CHECK(machine.phase() == Heir::Phase::over);
        }
        CHECK(charges <= 1);
    }
}

}  // namespace
}  // namespace switchyard::control::upgrade
