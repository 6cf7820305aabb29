// The controller and the configuration file: taken over as a merge with what is in force, remembered as the base.
#include "config/merge/merge.h"
#include "tests/unit/control/core/bench.h"

namespace {

using namespace bench;

struct WithFile : Bench {
    WithFile() { REQUIRE(store->set_base({config::render_text(model_of(kConfig)), "first", "then"}).has_value()); }
    Answer take(const config::Model& file, const std::string& hash, bool file_wins = false, Change change = {}) {
        std::optional<Answer> answer;
        change.verb = "file";
        change.caller = {"file", "/etc/switchyard.json", "SIGHUP"};
        controller->take_file(file, hash, file_wins, std::move(change),
                              [&](Answer a) { answer.emplace(std::move(a)); });
        until([&] { return answer.has_value(); });
        return *answer;
    }
    config::Split forum() const { return controller->model().routes[0].split; }
};

config::Model file_with(std::function<void(config::Model&)> change) {
    auto model = model_of(kConfig);
    change(model);
    return model;
}

const config::Split kAllGreen{{"blue", 0}, {"green", 100}};

}  // namespace

TEST_CASE("a file that is read again takes nothing back, and what it adds is one generation") {
    WithFile b;
    REQUIRE(b.change(switch_to("green")).has_value());
    const auto same = b.take(model_of(kConfig), "first");
    REQUIRE(same.has_value());
    CHECK(same->unchanged);
    CHECK(b.forum() == kAllGreen);

    const auto more = b.take(file_with([](auto& m) { m.routes[0].debug_headers = true; }), "second");
    REQUIRE(more.has_value());
    CHECK(more->generation == 3);
    CHECK(more->changes == std::vector<std::string>{"route forum: debug_headers false → true"});
    CHECK(b.forum() == kAllGreen);
    CHECK((**b.store->base()).hash == "second");
    // From now on this is what it is compared with.
    CHECK(b.take(file_with([](auto& m) { m.routes[0].debug_headers = true; }), "second")->unchanged);
    REQUIRE(b.undo(0).has_value());
    CHECK(b.take(file_with([](auto& m) { m.routes[0].debug_headers = true; }), "second")->unchanged);
    CHECK_FALSE(b.controller->model().routes[0].debug_headers);
}

TEST_CASE("a file that contradicts what was changed at run time changes nothing, the base neither, unless it wins") {
    WithFile b;
    REQUIRE(b.change(switch_to("green")).has_value());
    const auto file = file_with([](auto& m) { m.routes[0].split = {{"blue", 90}, {"green", 10}}; });
    const auto refused = b.take(file, "second");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 409);
    CHECK(refused.error().kind == kFileConflict);
    REQUIRE(refused.error().conflicts.size() == 1);
    CHECK(refused.error().conflicts[0].state == R"({"blue":0,"green":100})");
    CHECK(b.controller->generation() == 2);
    CHECK((**b.store->base()).hash == "first");

    Change dry;
    dry.dry_run = true;
    CHECK(b.take(file, "second", true, std::move(dry))->dry_run);
    CHECK((**b.store->base()).hash == "first");
    REQUIRE(b.take(file, "second", true).has_value());
    CHECK(b.forum() == file.routes[0].split);
    CHECK((**b.store->base()).hash == "second");
}

TEST_CASE("a file with another process part needs a restart, but for a state directory that was given") {
    WithFile b;
    auto file = file_with([](auto& m) { m.process.workers = 7; });
    CHECK(b.take(file, "second").error().detail.find("needs a restart") != std::string::npos);
    file = file_with([](auto& m) {
        m.process.state_dir = "/elsewhere";
        m.routes[0].debug_headers = true;
    });
    CHECK_FALSE(b.take(file, "third").has_value());
    b.controller->state_dir_is_given();
    CHECK(b.take(file, "third").has_value());
}

TEST_CASE("a file touches a route that a rollout holds only outside of what the rollout holds") {
    WithFile b;
    b.controller->hold_with([](const std::string& route) { return Holder{route == "forum" ? "r1" : ""}; });
    const auto split = file_with([](auto& m) { m.routes[0].split = {{"blue", 1}, {"green", 1}}; });
    for (const bool file_wins : {false, true}) {
        const auto refused = b.take(split, "second", file_wins);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().detail.find("rollout r1") != std::string::npos);
    }
    CHECK(b.take(file_with([](auto& m) { m.routes[0].debug_headers = true; }), "third").has_value());
}

TEST_CASE("without a base nothing is known to have changed: the file becomes it") {
    Bench bare;
    REQUIRE(bare.change(switch_to("green")).has_value());
    std::optional<Answer> answer;
    Change change;
    change.verb = "file";
    bare.controller->take_file(model_of(kConfig), "first", false, std::move(change),
                               [&](Answer a) { answer.emplace(std::move(a)); });
    bare.until([&] { return answer.has_value(); });
    CHECK((*answer)->unchanged);
    CHECK(bare.controller->model().routes[0].split == kAllGreen);
    CHECK((**bare.store->base()).hash == "first");
}

TEST_CASE("what became of the file is said with the time since when it is so") {
    Bench b;
    b.controller->begin_file({"/etc/switchyard.json", "h", FileStatus::Word::taken, "then", {}});
    b.controller->file_is(FileStatus::Word::taken, "h", {});
    CHECK(b.controller->file().since == "then");
    b.controller->file_is(FileStatus::Word::refused, "h", problems::conflict("no"));
    CHECK(b.controller->file().since != "then");
    for (const auto& [problem, said] : {std::pair{problems::file_conflict({}), "conflict"},
                                        {problems::invalid("no"), "invalid"},
                                        {Problem(422, kFileUnread, "no"), "unread"},
                                        {problems::store_full("no"), "refused"},
                                        {problems::conflict("no"), "refused"}})
        CHECK(std::string(word(word_of(problem))) == said);
}
