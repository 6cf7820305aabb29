// Whole lives of releases, as their journals tell them.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "control/release/machine.h"

using namespace switchyard::control::release;

namespace {

using What = Record::What;
using Kind = Machine::Next::Kind;

Record line(What what, Step step, std::string detail = "why") {
    Record r;
    r.what = what;
    r.step = step;
    r.detail = std::move(detail);
    return r;
}

// A machine beside the journal that rebuilds it.
struct Life {
    Wanted wanted;
    std::vector<Record> journal;
    Machine machine{wanted};
    std::vector<std::string> acts;

    explicit Life(const Wanted& w) : wanted(w) {}
    void take(Record r) {
        journal.push_back(r);
        machine.take(r);
    }
    void killed() {
        machine = machine_of(wanted, journal);
        take(line(What::resumed, machine.next().step));
    }
    // Does what comes next and says how it went.
    void act(What how) {
        const auto next = machine.next();
        acts.push_back((next.kind == Kind::act ? "" : "-") + std::string(word(next.step)));
        if (next.kind == Kind::act) take(line(What::begun, next.step));
        take(line(how, next.step));
    }
};

}  // namespace

TEST_CASE("a release without trouble does each step once, in order, and ends well") {
    Life life({true, true, true, true, false, true});
    while (life.machine.next().kind == Kind::act) life.act(What::done);
    CHECK(life.acts == std::vector<std::string>{"endpoints", "start", "healthy", "smoke", "smoke_through", "traffic",
                                                "drained", "confirm", "stop"});
    CHECK(life.machine.outcome() == Outcome::succeeded);
    CHECK(life.machine.reason().empty());
}

TEST_CASE("a rollout is judged before anything is drained or stopped") {
    Life life({false, false, false, false, true, true});
    while (life.machine.next().kind == Kind::act) life.act(What::done);
    CHECK(life.acts == std::vector<std::string>{"healthy", "traffic", "judged", "drained", "confirm", "stop"});
}

TEST_CASE("killed at any line of the journal and repeated, it comes to the same end") {
    for (std::size_t kill = 0; kill < 20; ++kill) {
        CAPTURE(kill);
        Life life({true, true, true, false, false, true});
        bool over = false;
        while (life.machine.next().kind != Kind::end) {
            life.act(What::done);
            if (life.journal.size() < kill || over) continue;
            over = true;
            life.killed();
        }
        CHECK(life.machine.outcome() == Outcome::succeeded);
        CHECK(std::ranges::count(life.acts, "start") == 1);
        CHECK(std::ranges::count(life.acts, "stop") == 1);
    }
}

TEST_CASE("a random walk of steps, failures and killed runners keeps every promise") {
    std::set<Outcome> seen;
    for (unsigned seed = 1; seed <= 2000; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto flag = [&] { return random() % 2 == 0; };
        Life life({flag(), flag(), flag(), flag(), flag(), flag()});
        bool confirmed = false, unfinished = false, going_back = false, traffic = false;
        std::size_t turns = 0;
        while (life.machine.next().kind != Kind::end) {
            REQUIRE(++turns < 1000);
            const auto next = life.machine.next();
            if (random() % 12 == 0) {
                life.killed();
                if (!confirmed && !life.machine.going_back()) unfinished = false;
                continue;
            }
            if (next.kind == Kind::take_back) {
                going_back = true;
                CHECK_FALSE(confirmed);
                const bool works = random() % 4 != 0;
                if (next.step == Step::traffic && works) traffic = false;
                life.act(works ? What::undone : What::not_undone);
                continue;
            }
            CHECK_FALSE(going_back);  // never forward again
            if (next.step == Step::stop) {
                CHECK(confirmed);
                CHECK_FALSE(unfinished);
            }
            if (next.step == Step::traffic) traffic = true;
            const auto dice = random() % 40;
            const auto how = dice < 34   ? What::done
                             : dice < 35 ? What::failed
                             : dice < 37 ? What::unfinished
                             : dice < 38 ? What::interrupted
                             : dice < 39 ? What::lapsed
                                         : What::done;
            life.act(how);
            if (how == What::lapsed && !confirmed) traffic = false, unfinished = false;
            if (how == What::unfinished) unfinished = true;
            if (how == What::done && next.step == Step::confirm) confirmed = true;
        }
        seen.insert(life.machine.outcome());
        // The journal alone tells the same.
        const auto again = machine_of(life.wanted, life.journal);
        CHECK(again.outcome() == life.machine.outcome());
        CHECK(again.reason() == life.machine.reason());
        switch (life.machine.outcome()) {
            case Outcome::succeeded:
                CHECK(confirmed);
                CHECK(traffic);
                CHECK(life.machine.reason().empty());
                break;
            case Outcome::failed:
                CHECK_FALSE(confirmed);
                CHECK_FALSE(traffic);
                CHECK_FALSE(life.machine.reason().empty());
                break;
            default:
                CHECK(life.machine.outcome() == Outcome::incomplete);
                CHECK_FALSE(life.machine.reason().empty());
        }
    }
    CHECK(seen == std::set<Outcome>{Outcome::succeeded, Outcome::failed, Outcome::incomplete});
}
