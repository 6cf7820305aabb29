// Every place against every event: what comes next, and that what does not fit changes nothing.
#include <doctest/doctest.h>

#include <map>

#include "control/release/machine.h"

using namespace switchyard::control::release;

namespace {

using What = Record::What;
using Kind = Machine::Next::Kind;

constexpr Wanted kAll{true, true, true, true, false, true};

Record record(What what, Step step, std::string detail = "") {
    Record r;
    r.what = what;
    r.step = step;
    r.detail = std::move(detail);
    return r;
}

// At the begin of `step`, everything before it done.
Machine at(Step step, const Wanted& wanted = kAll) {
    Machine m(wanted);
    while (m.next().step != step) {
        const auto here = m.next().step;
        m.take(record(What::begun, here));
        m.take(record(What::done, here));
        REQUIRE(m.next().kind == Kind::act);
    }
    m.take(record(What::begun, step));
    return m;
}

std::string shown(const Machine& m) {
    const auto next = m.next();
    const char* kind = next.kind == Kind::act ? "" : next.kind == Kind::take_back ? "take back " : "end ";
    return kind + std::string(next.kind == Kind::end ? word(m.outcome()) : word(next.step));
}

}  // namespace

TEST_CASE("what follows each event in each place") {
    struct Row {
        Step step;
        std::map<What, const char*> next;
    };
    const std::vector<Row> rows{{Step::endpoints,
                                 {{What::done, "start"},
                                  {What::failed, "take back endpoints"},
                                  {What::interrupted, "take back endpoints"},
                                  {What::unfinished, "start"},
                                  {What::lapsed, "endpoints"},
                                  {What::resumed, "endpoints"}}},
                                {Step::start,
                                 {{What::done, "healthy"},
                                  {What::failed, "take back endpoints"},
                                  {What::interrupted, "take back endpoints"},
                                  {What::unfinished, "healthy"},
                                  {What::lapsed, "endpoints"},
                                  {What::resumed, "endpoints"}}},
                                {Step::healthy,
                                 {{What::done, "smoke"},
                                  {What::failed, "take back endpoints"},
                                  {What::interrupted, "take back endpoints"},
                                  {What::unfinished, "smoke"},
                                  {What::lapsed, "endpoints"},
                                  {What::resumed, "endpoints"}}},
                                {Step::smoke,
                                 {{What::done, "smoke_through"},
                                  {What::failed, "take back endpoints"},
                                  {What::interrupted, "take back endpoints"},
                                  {What::unfinished, "smoke_through"},
                                  {What::lapsed, "endpoints"},
                                  {What::resumed, "endpoints"}}},
                                {Step::smoke_through,
                                 {{What::done, "traffic"},
                                  {What::failed, "take back endpoints"},
                                  {What::interrupted, "take back endpoints"},
                                  {What::unfinished, "traffic"},
                                  {What::lapsed, "endpoints"},
                                  {What::resumed, "endpoints"}}},
                                {Step::traffic,
                                 {{What::done, "drained"},
                                  {What::failed, "take back traffic"},
                                  {What::interrupted, "take back traffic"},
                                  {What::unfinished, "drained"},
                                  {What::lapsed, "endpoints"},
                                  {What::resumed, "endpoints"}}},
                                {Step::drained,
                                 {{What::done, "confirm"},
                                  {What::failed, "take back traffic"},
                                  {What::interrupted, "take back traffic"},
                                  {What::unfinished, "confirm"},
                                  {What::lapsed, "endpoints"},
                                  {What::resumed, "endpoints"}}},
                                {Step::confirm,
                                 {{What::done, "stop"},
                                  {What::failed, "take back traffic"},
                                  {What::interrupted, "take back traffic"},
                                  {What::unfinished, "end incomplete"},
                                  {What::lapsed, "endpoints"},
                                  {What::resumed, "endpoints"}}},
                                // From here on nothing goes back.
                                {Step::stop,
                                 {{What::done, "end succeeded"},
                                  {What::failed, "end incomplete"},
                                  {What::interrupted, "end incomplete"},
                                  {What::unfinished, "end incomplete"},
                                  {What::lapsed, "stop"},
                                  {What::resumed, "stop"}}}};
    for (const auto& row : rows)
        for (const auto& [what, expected] : row.next) {
            CAPTURE(word(row.step));
            CAPTURE(word(what));
            auto m = at(row.step);
            m.take(record(what, row.step, "why"));
            CHECK(shown(m) == expected);
        }
}

TEST_CASE("what is said of another step than the one it stands at is not heard") {
    for (const auto what : {What::done, What::failed, What::unfinished, What::undone, What::not_undone}) {
        CAPTURE(word(what));
        auto m = at(Step::smoke);
        m.take(record(what, Step::traffic, "why"));
        CHECK(shown(m) == "smoke");
        m.take(record(What::undone, Step::smoke));
        CHECK(shown(m) == "smoke");
    }
}

TEST_CASE("going back takes the last first, and what cannot be taken back is named") {
    auto m = at(Step::drained);
    m.take(record(What::failed, Step::drained, "green died"));
    CHECK(shown(m) == "take back traffic");
    for (const auto what : {What::done, What::failed, What::interrupted, What::resumed, What::lapsed}) {
        m.take(record(what, Step::traffic, "no"));
        CHECK(shown(m) == "take back traffic");
    }
    SUBCASE("all of it") {
        m.take(record(What::undone, Step::traffic));
        CHECK(shown(m) == "take back endpoints");
        m.take(record(What::undone, Step::endpoints));
        CHECK(shown(m) == "end failed");
        CHECK(m.reason() == "green died");
    }
    SUBCASE("not all") {
        m.take(record(What::not_undone, Step::traffic, "blue has no healthy endpoint"));
        m.take(record(What::undone, Step::endpoints));
        CHECK(shown(m) == "end incomplete");
        CHECK(m.reason() == "green died; blue has no healthy endpoint");
    }
}

TEST_CASE("a release with nothing to take back has failed at once") {
    auto m = at(Step::healthy, Wanted{});
    m.take(record(What::failed, Step::healthy, "green never got healthy"));
    CHECK(shown(m) == "end failed");
    CHECK(m.reason() == "green never got healthy");
}

TEST_CASE("what has failed may be tried again, from the beginning, with other steps and another count") {
    const std::vector<Record> journal{
        record(What::begun, Step::endpoints),  record(What::done, Step::endpoints),
        record(What::done, Step::start),       record(What::done, Step::healthy),
        record(What::lapsed, Step::smoke),     record(What::failed, Step::endpoints, "no"),
        record(What::undone, Step::endpoints), record(What::again, Step::endpoints)};
    const auto failed = machine_of(kAll, {journal.begin(), journal.end() - 1});
    CHECK(shown(failed) == "end failed");
    CHECK(failed.attempts() == 1);
    auto m = machine_of(Wanted{false, true, false, false, false, false}, journal);
    CHECK(shown(m) == "start");  // again, although it was done
    CHECK(m.reason().empty());
    CHECK(m.attempts() == 2);
    for (const auto step : m.steps()) m.take(record(What::done, step));
    CHECK(shown(m) == "end succeeded");
}

TEST_CASE("what is not drained is confirmed but not stopped") {
    auto m = at(Step::drained);
    m.take(record(What::unfinished, Step::drained, "blue still has 3 requests"));
    CHECK(shown(m) == "confirm");
    m.take(record(What::done, Step::confirm));
    CHECK(shown(m) == "end incomplete");
    CHECK(m.reason() == "blue still has 3 requests");
}

TEST_CASE("whoever goes on looks at every step again, but starts nothing twice") {
    auto m = at(Step::traffic);
    m.take(record(What::resumed, Step::traffic));
    CHECK(shown(m) == "endpoints");
    m.take(record(What::begun, Step::endpoints));
    m.take(record(What::done, Step::endpoints));
    CHECK(shown(m) == "healthy");
    // What the first runner has begun is still to be taken back.
    m.take(record(What::failed, Step::healthy, "dead"));
    CHECK(shown(m) == "take back traffic");
}

TEST_CASE("a change that the proxy takes back again and again is given up") {
    auto m = at(Step::traffic);
    for (unsigned i = 1; i < Machine::kMostLapses; ++i) {
        m.take(record(What::lapsed, Step::traffic, "taken back"));
        CHECK(shown(m) == "endpoints");
    }
    m.take(record(What::lapsed, Step::traffic, "taken back"));
    CHECK(shown(m) == "take back endpoints");
}
