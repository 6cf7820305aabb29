// The book of releases: who may release where, who may write, and whose runner is gone.
#include "control/release/book/releases.h"

#include <doctest/doctest.h>

using namespace switchyard;
using namespace switchyard::control;
using namespace switchyard::control::release;
using namespace std::chrono_literals;

namespace {

using What = Record::What;

const Caller kCi{"ci", "127.0.0.1", ""};

// A process around the book that is not there.
struct Shelf : BookClock, RoutesInForce, BookPages {
    config::Model configured;
    std::map<std::string, std::string> disk;
    bool disk_full = false;
    std::chrono::milliseconds time{1h};
    mutable unsigned second = 10;
    std::vector<std::string> notes;
    std::vector<std::string> aborted;  // releases whose rollouts were
    std::unique_ptr<Releases> book;

    Shelf() {
        configured.upstreams["blue"];
        configured.upstreams["green"];
        for (const char* name : {"forum", "shop"}) {
            config::Route route;
            route.name = name;
            route.split = {{"blue", 100}, {"green", 0}};
            configured.routes.push_back(route);
        }
        again();
    }
    void again() {
        book = std::make_unique<Releases>(Doors{*this, *this, *this});
        book->restore(disk);
    }
    std::chrono::milliseconds now() const override { return time; }
    std::string timestamp() const override { return "2026-11-20T12:00:" + std::to_string(second++) + "Z"; }
    const config::Model& model() const override { return configured; }
    std::uint64_t generation() const override { return 7; }
    std::string abort_rollout(const Release& r) override {
        aborted.push_back(r.id);
        return "r1";
    }
    Result<void> keep(const std::string& id, const std::string& text) override {
        if (disk_full) return problems::store_full("no room");
        disk[id] = text;
        return {};
    }
    Result<void> forget(const std::vector<std::string>& ids) override {
        for (const auto& id : ids) disk.erase(id);
        return {};
    }
    void note(const std::string& verb, const Caller&, const std::string& text) override {
        notes.push_back(verb + ": " + text);
    }
    void event(nlohmann::ordered_json) override {}
    Result<Releases::Begun> begin(const std::string& id, const std::string& runner = "one",
                                  const std::string& route = "forum", bool dry_run = false) {
        return book->begin({id, route, "blue", "green", runner, 30s, {}, {{"smoke", "GET /"}}}, kCi, dry_run);
    }
    Result<const Release*> take(const std::string& id, What what, Step step, const std::string& runner = "one") {
        Record r;
        r.what = what;
        r.step = step;
        r.detail = "why";
        r.generation = step == Step::traffic ? 8 : 0;
        return book->take(id, runner, r, kCi);
    }
    void whole(const std::string& id) {
        for (const auto step : {Step::healthy, Step::traffic, Step::drained, Step::confirm})
            for (const auto what : {What::begun, What::done}) REQUIRE(take(id, what, step).has_value());
    }
};

bool says(const Problem& problem, const char* words) {
    return problem.detail.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a second release of a route is refused by the name of the first, one of another route is not") {
    Shelf shelf;
    REQUIRE(shelf.begin("b41")->fresh);
    shelf.time += 3s;
    const auto second = shelf.begin("b42", "two");
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().status == 409);
    CHECK(says(second.error(), "release b41 of ci"));
    CHECK(says(second.error(), "heard 3 s ago"));
    CHECK(shelf.begin("s1", "two", "shop").has_value());
    shelf.whole("b41");
    CHECK(shelf.begin("b42", "two").has_value());
}

TEST_CASE("what is written is on the disk first, and comes back from it") {
    Shelf shelf;
    REQUIRE(shelf.begin("b41").has_value());
    REQUIRE(shelf.take("b41", What::begun, Step::healthy).has_value());
    shelf.disk_full = true;
    CHECK(shelf.take("b41", What::done, Step::healthy).error().status == 507);
    CHECK(shelf.book->find("b41")->steps.size() == 1);
    CHECK(shelf.begin("x", "x", "shop").error().status == 507);
    CHECK(shelf.book->find("x") == nullptr);
    shelf.disk_full = false;
    const auto before = *shelf.book->find("b41");
    shelf.again();
    CHECK(*shelf.book->find("b41") == before);
    CHECK(before.generation == 7);
    CHECK(before.split == config::Split{{"blue", 100}, {"green", 0}});
    // The runner gets its time anew, and goes on writing.
    shelf.time += 20s;
    shelf.book->look();
    shelf.whole("b41");
    CHECK(shelf.book->find("b41")->outcome == Outcome::succeeded);
    CHECK(view(*shelf.book->find("b41"), false)["generations"] == nlohmann::ordered_json{8});
}

TEST_CASE("the same id goes on; the runner that it was taken from writes no more") {
    Shelf shelf;
    REQUIRE(shelf.begin("b41", "one").has_value());
    const auto again = shelf.begin("b41", "two");
    REQUIRE(again.has_value());
    CHECK_FALSE(again->fresh);
    CHECK(says(shelf.take("b41", What::begun, Step::healthy, "one").error(), "another runner"));
    CHECK(shelf.book->alive("b41", "one", 30s).error().status == 409);
    CHECK(shelf.take("b41", What::begun, Step::healthy, "two").has_value());
}

TEST_CASE("an id belongs to one release: another route, another target, other steps are refused") {
    Shelf shelf;
    REQUIRE(shelf.begin("b41").has_value());
    CHECK(says(shelf.begin("b41", "two", "shop").error(), "another release needs another id"));
    CHECK(says(shelf.book->begin({"b41", "forum", "blue", "blue", "one", 30s, {}, {}}, kCi, false).error(),
               "another id"));
    Wanted more;
    more.stop = true;
    CHECK(says(shelf.book->begin({"b41", "forum", "blue", "green", "one", 30s, more, {}}, kCi, false).error(),
               "other steps"));
    shelf.whole("b41");
    const auto over = shelf.begin("b41", "two");
    REQUIRE(over.has_value());
    CHECK(over->release->outcome == Outcome::succeeded);
    CHECK(says(shelf.take("b41", What::begun, Step::healthy, "two").error(), "over"));
}

TEST_CASE("a release that failed is tried again under its id") {
    Shelf shelf;
    REQUIRE(shelf.begin("b41").has_value());
    for (const auto what : {What::begun, What::failed}) REQUIRE(shelf.take("b41", what, Step::healthy).has_value());
    CHECK(shelf.book->find("b41")->outcome == Outcome::failed);
    const auto again = shelf.begin("b41", "two");
    REQUIRE(again.has_value());
    CHECK_FALSE(again->fresh);
    CHECK(again->release->running());
    CHECK(again->release->ended.empty());
    CHECK(again->release->steps.back().what == What::again);
    for (const auto step : {Step::healthy, Step::traffic, Step::drained, Step::confirm})
        REQUIRE(shelf.take("b41", What::done, step, "two").has_value());
    CHECK(shelf.book->find("b41")->outcome == Outcome::succeeded);
}

TEST_CASE("what does not exist is named, a dry run keeps nothing") {
    Shelf shelf;
    const auto wrong = shelf.book->begin({"b41", "form", "red", "red", "one", 30s, {}, {}}, kCi, false);
    CHECK(wrong.error().status == 422);
    CHECK(wrong.error().errors.size() == 4);
    CHECK(shelf.begin("b41", "one", "forum", true)->fresh);
    CHECK(shelf.disk.empty());
    CHECK(shelf.book->find("b41") == nullptr);
    CHECK(shelf.take("b41", What::begun, Step::healthy).error().status == 404);
}

TEST_CASE("a runner that stays away has its rollout aborted, and may come back") {
    Shelf shelf;
    REQUIRE(shelf.begin("b41").has_value());
    shelf.time += 29s;
    REQUIRE(shelf.book->alive("b41", "one", 30s).has_value());
    shelf.time += 29s;
    shelf.book->look();
    CHECK(shelf.book->find("b41")->running());
    shelf.time += 2s;
    shelf.book->look();
    CHECK(shelf.book->find("b41")->outcome == Outcome::abandoned);
    CHECK(shelf.aborted == std::vector<std::string>{"b41"});
    CHECK(says(shelf.take("b41", What::begun, Step::healthy).error(), "begin it again"));
    shelf.again();
    CHECK(shelf.book->find("b41")->outcome == Outcome::abandoned);
    // Another release may have the route meanwhile; then not.
    REQUIRE(shelf.begin("b42", "two").has_value());
    CHECK(says(shelf.begin("b41", "three").error(), "b42"));
    for (const auto what : {What::begun, What::failed})
        REQUIRE(shelf.take("b42", what, Step::healthy, "two").has_value());
    REQUIRE(shelf.begin("b41", "three").has_value());
    CHECK(shelf.book->find("b41")->running());
}

TEST_CASE("nothing is taken back from a runner that stays away after it has confirmed") {
    Shelf shelf;
    Wanted wanted;
    wanted.stop = true;
    REQUIRE(shelf.book->begin({"b41", "forum", "blue", "green", "one", 30s, wanted, {}}, kCi, false).has_value());
    shelf.whole("b41");
    CHECK(shelf.book->find("b41")->running());
    shelf.time += 31s;
    shelf.book->look();
    CHECK(shelf.aborted.empty());
    CHECK(says(problems::conflict(shelf.book->find("b41")->reason), "stays where it is"));
}

TEST_CASE("only the latest release that stands can be taken back, once") {
    Shelf shelf;
    REQUIRE(shelf.begin("b41").has_value());
    CHECK(says(shelf.book->may_undo("b41").error(), "is running"));
    shelf.whole("b41");
    REQUIRE(shelf.begin("b42").has_value());
    CHECK(says(shelf.book->may_undo("b41").error(), "b42 came after"));
    shelf.take("b42", What::begun, Step::healthy);
    shelf.take("b42", What::failed, Step::healthy);
    CHECK(says(shelf.book->may_undo("b42").error(), "as it was before"));
    REQUIRE(shelf.book->may_undo("b41").has_value());
    shelf.book->undone("b41", 9, kCi);
    CHECK(shelf.book->find("b41")->outcome == Outcome::undone);
    CHECK(says(shelf.book->may_undo("b41").error(), "undone by ci"));
    CHECK(shelf.book->may_undo("b43").error().status == 404);
    shelf.again();
    CHECK(shelf.book->find("b41")->undone_by == "ci");
}

TEST_CASE("the oldest ended ones are forgotten, the latest of a route never") {
    Shelf shelf;
    shelf.second = 100;
    REQUIRE(shelf.begin("shop-1", "one", "shop").has_value());
    shelf.whole("shop-1");
    for (std::size_t i = 0; i < Releases::kKept + 5; ++i) {
        const auto id = "b" + std::to_string(i);
        REQUIRE(shelf.begin(id).has_value());
        shelf.whole(id);
    }
    REQUIRE(shelf.begin("last").has_value());
    CHECK(shelf.book->find("shop-1") != nullptr);
    CHECK(shelf.book->find("b0") == nullptr);
    CHECK(shelf.book->newest_first().size() == Releases::kKept + 3);
    CHECK(shelf.disk.size() == Releases::kKept + 3);
}

TEST_CASE("records round-trip, and a line of a later version is left out") {
    Record r;
    r.what = What::unfinished;
    r.step = Step::smoke_through;
    r.detail = "grün";
    r.generation = 3;
    r.rollout = "r2";
    r.data = {{"a", 1}};
    r.at = "now";
    CHECK(parse_record(to_json(r)) == r);
    CHECK_FALSE(parse_record({{"step", "smoke"}, {"what", "guessed"}}).has_value());
    CHECK_FALSE(parse_record({{"step", "dance"}, {"what", "done"}}).has_value());
    CHECK_FALSE(parse_record(3).has_value());
    CHECK_FALSE(parse_release("{").has_value());
}
