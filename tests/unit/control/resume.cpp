#include "control/resume.h"

#include <doctest/doctest.h>

#include "config/check/taken.h"
#include "config/check/validate.h"
#include "config/fields/render.h"
#include "config/parse.h"
#include "control/state_dir.h"
#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard;
using namespace switchyard::control;

namespace {

config::Model with_split(std::uint32_t blue) {
    config::Model m;
    m.upstreams["blue"].endpoints.push_back({*config::Address::parse("127.0.0.1:1"), 1, 0, false, {}});
    m.upstreams["green"].endpoints.push_back({*config::Address::parse("127.0.0.1:2"), 1, 0, false, {}});
    config::Route route;
    route.name = "forum";
    route.split = {{"blue", blue}};
    m.routes.push_back(route);
    return m;
}

Generation stored(std::uint64_t number, const config::Model& model) {
    Generation g;
    g.number = number;
    g.config = config::render_text(model);
    return g;
}

}  // namespace

namespace {

FileAtStart file_of(const config::Model& model, const std::string& hash = "h") {
    return {model, hash, std::nullopt};
}

FileBase base_of(const config::Model& model) {
    return {config::render_text(model), "b", "then"};
}

// 42 generations, of which the last switched a share of `blue`; the file last taken over said `base`.
StateAtStart kept(const config::Model& state, const config::Model& base, std::uint64_t next = 43) {
    StateAtStart out;
    out.newest = stored(42, state);
    out.base = base_of(base);
    out.next = next;
    return out;
}

config::Model with_headers(config::Model model) {
    model.routes[0].debug_headers = true;
    return model;
}

}  // namespace

TEST_CASE("a first start takes the file, and cannot do without") {
    StateAtStart nothing;
    const auto first = beginning(file_of(with_split(1)), nothing, false);
    REQUIRE(first.has_value());
    CHECK(first->generation == 1);
    CHECK(first->fresh);
    CHECK(first->new_base);
    CHECK(first->verb == "start");
    CHECK_FALSE(first->problem);
    const FileAtStart wrong{std::nullopt, "h", problems::invalid({{"/routes", "missing"}})};
    CHECK_FALSE(beginning(wrong, nothing, false).has_value());
    nothing.next = 501;
    CHECK(beginning(file_of(with_split(1)), nothing, false)->generation == 501);
}

TEST_CASE("an unchanged file takes nothing back at a start") {
    const auto resumed = beginning(file_of(with_split(1), "b"), kept(with_split(9), with_split(1)), false);
    REQUIRE(resumed.has_value());
    CHECK(resumed->generation == 42);
    CHECK_FALSE(resumed->fresh);
    CHECK_FALSE(resumed->new_base);
    CHECK(resumed->verb == "resume");
    CHECK(resumed->model == with_split(9));
    CHECK(resumed->file == FileStatus::Word::taken);
    // Only its comments have changed: its hash is remembered.
    const auto commented = beginning(file_of(with_split(1), "other"), kept(with_split(9), with_split(1)), false);
    CHECK_FALSE(commented->fresh);
    CHECK(commented->new_base);
}

TEST_CASE("a changed file is merged at a start") {
    auto state = with_split(1);
    state.routes[0].split.emplace_back("green", 9);
    const auto merged = beginning(file_of(with_headers(with_split(1))), kept(state, with_split(1)), false);
    REQUIRE(merged.has_value());
    CHECK(merged->generation == 43);
    CHECK(merged->fresh);
    CHECK(merged->new_base);
    CHECK(merged->verb == "file");
    CHECK(merged->model == with_headers(state));
}

TEST_CASE("a file that cannot be taken at a start leaves the state in force, and says why") {
    auto two = with_split(1);
    const auto split = [&](std::uint32_t blue, std::uint32_t green) {
        auto model = two;
        model.routes[0].split = {{"blue", blue}, {"green", green}};
        return model;
    };
    const auto state = kept(split(0, 100), split(100, 0));
    const auto stays = [&](const FileAtStart& file, const StateAtStart& with, FileStatus::Word word) {
        const auto begun = beginning(file, with, false);
        REQUIRE(begun.has_value());
        CHECK(begun->model.routes == split(0, 100).routes);
        CHECK(begun->generation == 42);
        CHECK_FALSE(begun->fresh);
        CHECK_FALSE(begun->new_base);
        CHECK(begun->file == word);
        REQUIRE(begun->problem.has_value());
        return *begun->problem;
    };
    const auto conflict = stays(file_of(split(90, 10)), state, FileStatus::Word::conflict);
    REQUIRE(conflict.conflicts.size() == 1);
    CHECK(conflict.conflicts[0].pointer == "/routes/0/split");
    stays({std::nullopt, "h", problems::invalid({{"/routs", "unknown key"}})}, state, FileStatus::Word::invalid);
    stays({std::nullopt, "", Problem(422, kFileUnread, "cannot be read")}, state, FileStatus::Word::unread);
    auto refused = state;
    refused.refused = "h";
    stays(file_of(with_headers(split(100, 0))), refused, FileStatus::Word::refused);
    auto pending = state;
    pending.pending = true;
    stays(file_of(with_headers(split(100, 0))), pending, FileStatus::Word::refused);
    auto held = state;
    held.held_by = [](const std::string&) { return "r1"; };
    auto upstreams = split(100, 0);
    upstreams.upstreams["green"].endpoints[0].weight = 7;
    const auto rollout = stays(file_of(upstreams), held, FileStatus::Word::conflict);
    CHECK(rollout.detail.find("rollout r1") != std::string::npos);
    // Each of two sides is right, and both together are not.
    auto listeners = split(100, 0), others = split(0, 100);
    config::Listener listener;
    listener.bind = *config::Address::parse("127.0.0.1:80");
    listener.name = "web";
    listeners.listeners.push_back(listener);
    listener.name = "inner";
    others.listeners.push_back(listener);
    const auto both = beginning(file_of(listeners), kept(others, split(100, 0)), false);
    CHECK(both->verb == "resume");
    CHECK(both->file == FileStatus::Word::invalid);
    // A refused file that is put back as it was is taken.
    refused.refused = "b";
    CHECK_FALSE(beginning(file_of(split(100, 0), "b"), refused, false)->problem);
}

TEST_CASE("when it is told so, a start takes the file alone") {
    const auto alone = beginning(file_of(with_split(1), "b"), kept(with_split(9), with_split(1)), true);
    CHECK(alone->generation == 43);
    CHECK(alone->verb == "file");
    CHECK(alone->model == with_split(1));
    const FileAtStart wrong{std::nullopt, "h", problems::invalid({{"/routes", "missing"}})};
    CHECK_FALSE(beginning(wrong, kept(with_split(9), with_split(1)), true).has_value());
}

TEST_CASE("numbers that may have been given out are passed over") {
    const auto older_copy = beginning(file_of(with_split(1), "b"), kept(with_split(9), with_split(1), 501), false);
    CHECK(older_copy->generation == 501);
    CHECK(older_copy->fresh);
    CHECK(older_copy->verb == "resume");
    CHECK(older_copy->model == with_split(9));
}

TEST_CASE("a state directory without a base takes the file for it") {
    auto old = kept(with_split(9), with_split(1));
    old.base.reset();
    const auto begun = beginning(file_of(with_headers(with_split(1))), old, false);
    CHECK(begun->model == with_split(9));
    CHECK_FALSE(begun->fresh);
    CHECK(begun->new_base);
}

TEST_CASE("the process part is always the file's, and the state's where there is no file") {
    auto file = with_split(1);
    file.process.workers = 3;
    const auto changed = beginning(file_of(file), kept(with_split(9), with_split(1)), false);
    CHECK(changed->model.process.workers == 3);
    CHECK(changed->fresh);
    auto moved = with_split(1);
    moved.process.state_dir = "/somewhere/else";
    const auto resumed = beginning(file_of(moved), kept(with_split(9), with_split(1)), false);
    CHECK(resumed->model.process.state_dir == "/somewhere/else");
    CHECK_FALSE(resumed->fresh);
    auto state = with_split(9);
    state.process.workers = 5;
    const FileAtStart unread{std::nullopt, "", Problem(422, kFileUnread, "cannot be read")};
    CHECK(beginning(unread, kept(state, with_split(1)), false)->model.process.workers == 5);
}

TEST_CASE("a generation of another format is refused with the way out") {
    auto odd = kept(with_split(9), with_split(1));
    odd.newest->config = R"({"nonsense": 1})";
    const auto refused = beginning(file_of(with_split(1)), odd, false);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().detail.find("--from-file") != std::string::npos);
    CHECK(beginning(file_of(with_split(1)), odd, true).has_value());
}

TEST_CASE("a state directory is made, and held by one at a time") {
    ScratchDir dir;
    {
        const auto held = StateDir::open(dir / "state");
        REQUIRE(held.has_value());
        const auto second = StateDir::open(dir / "state");
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().detail.find("another switchyard") != std::string::npos);
    }
    CHECK(StateDir::open(dir / "state").has_value());
    const auto nowhere = StateDir::open("/proc/nowhere");
    REQUIRE(nowhere.has_value());
    CHECK((*nowhere)->unwritable().find("/proc/nowhere cannot be made") != std::string::npos);
    REQUIRE(StateDir::write_file(dir / "a", "one").has_value());
    REQUIRE(StateDir::write_file(dir / "a", "two").has_value());
    CHECK_FALSE(StateDir::write_file("/proc/nowhere/a", "x").has_value());
}

TEST_CASE("a stored generation whose expression this version refuses is resumed; the same from a file is not") {
    auto model = with_split(9);
    config::Condition ahead;
    ahead.key = {config::Key::Source::path, ""};
    ahead.test = config::Condition::Test::matches;
    ahead.values = {"^/(?!public)"};
    config::Rule guarded;
    guarded.name = "guarded";
    guarded.when = ahead;
    guarded.upstream = "blue";
    model.routes[0].rules.push_back(guarded);
    const auto resumed = beginning(file_of(with_split(1), "b"), kept(model, with_split(1)), false);
    REQUIRE(resumed.has_value());
    CHECK(resumed->model == model);
    const auto merged = beginning(file_of(with_headers(with_split(1))), kept(model, with_split(1)), false);
    REQUIRE(merged.has_value());
    CHECK(merged->model == with_headers(model));
    const auto read = config::parse(std::string_view(config::render_text(model)));
    REQUIRE(read.errors.size() == 1);
    CHECK(read.errors[0].pointer == "/routes/0/rules/0/when/matches");
    // What is in force already hinders no change; a new one is judged.
    CHECK(config::validate(model, config::Taken::in(model)).empty());
    CHECK(config::validate(model, config::Taken::in(with_split(1))).size() == 1);
}
