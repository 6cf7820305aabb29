// A rollout whose journal the disk does not take for a while.
#include "control/rollout/runner/journal_desk.h"
#include "control/rollout/runner/rollouts.h"
#include "tests/unit/control/rollout/runner/stage.h"

using namespace switchyard::control::rollout;
using switchyard::control::Result;

TEST_CASE("a disk that hangs holds up a weight that grows, and is said so; the return does not wait for it") {
    Stage stage;
    const auto live = started(stage);
    REQUIRE(live->promote("alice").has_value());
    const double before = stage.green_percent();
    stage.disk_hangs = true;
    REQUIRE(live->promote("alice").has_value());
    CHECK(stage.green_percent() == doctest::Approx(before));
    stage.pass(2, {100, 0}, {100, 0});
    CHECK(stage.green_percent() == doctest::Approx(before));
    CHECK(live->publish_problem().find("does not answer") != std::string::npos);
    REQUIRE_FALSE(live->promote("alice").has_value());  // and is not skipped by who asks twice
    SUBCASE("it answers: the weight comes, without a look in between") {
        stage.disk_answers();
        CHECK(stage.green_percent() > before);
        CHECK(live->publish_problem().empty());
    }
    SUBCASE("the release turns out to be bad meanwhile") {
        stage.pass(1, {100, 0}, {100, 100});
        CHECK(stage.weight("green") == 0);
        CHECK(live->machine().state() == State::rolled_back);
        CHECK(live->busy());  // the disk does not know yet how it ended
        SUBCASE("and a kill comes before the disk has taken the journal: what is resumed has returned") {
            stage.hung.clear();
            stage.disk_hangs = false;
            stage.again();
            stage.tick({200, 0}, {0, 0});
            CHECK(stage.weight("green") == 0);
            CHECK(stage.rollouts->find("r1")->machine().state() == State::rolled_back);
            return;
        }
        stage.disk_answers();
        stage.tick({200, 0}, {0, 0});
        CHECK_FALSE(live->busy());
        CHECK(stage.disk["r1"].find("rolled_back") != std::string::npos);
        CHECK(stage.weight("green") == 0);
    }
}

TEST_CASE("a weight that waited for its turn is not put in force after the return that took its place") {
    Stage stage;
    const auto live = started(stage);
    REQUIRE(live->promote("alice").has_value());
    stage.changes_wait = true;
    REQUIRE(live->promote("alice").has_value());  // towards the next weight: it waits
    REQUIRE(stage.waiting_changes.size() == 1);
    REQUIRE(live->abort("alice").has_value());
    stage.pass(1, {200, 0}, {0, 0});
    REQUIRE(stage.waiting_changes.size() == 2);                     // asked for once, however long it waits
    std::swap(stage.waiting_changes[0], stage.waiting_changes[1]);  // a return goes before all who wait
    stage.changes_wait = false;
    for (const auto& change : std::exchange(stage.waiting_changes, {})) change();
    CHECK(stage.weight("green") == 0);
    CHECK(live->machine().closed());
}

TEST_CASE("of what waits for the disk only the newest of each id is written, and nothing of what was dropped") {
    std::vector<std::pair<std::string, std::string>> written;
    std::vector<Journals::Kept> asked;
    JournalDesk desk([&](const std::string& id, const std::string& text, Journals::Kept done) {
        written.emplace_back(id, text);
        asked.push_back(std::move(done));
    });
    int kept = 0;
    const auto count = [&](const Result<void>&) { ++kept; };
    desk.put("r1#evidence", "1", count);
    desk.put("r1#evidence", "2", {});
    desk.put("r1#evidence", "3", count);
    desk.put("r2#evidence", "1", {});
    CHECK(written.size() == 2);
    asked[0]({});
    CHECK(kept == 1);
    REQUIRE(written.size() == 3);
    CHECK(written[2] == std::pair<std::string, std::string>("r1#evidence", "3"));
    desk.put("r2#evidence", "2", {});
    desk.forget({"r2#evidence"});
    asked[1]({});
    asked[2]({});
    CHECK(kept == 2);
    CHECK(written.size() == 3);
    desk.put("r1#evidence", "4", {});
    CHECK(written.size() == 4);
}
