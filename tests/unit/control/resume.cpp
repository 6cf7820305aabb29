#include "control/resume.h"

#include <doctest/doctest.h>

#include "config/expression.h"
#include "config/parse.h"
#include "config/render.h"
#include "config/validate.h"
#include "control/state_dir.h"
#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard;
using namespace switchyard::control;

namespace {

config::Model with_split(std::uint32_t blue) {
    config::Model m;
    m.upstreams["blue"].endpoints.push_back({*config::Address::parse("127.0.0.1:1"), 1, 0, false, {}});
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

TEST_CASE("a start takes the file when it is news or forced, and the newest generation otherwise") {
    const auto first = beginning(with_split(1), "h", std::nullopt, std::nullopt, false, 1);
    REQUIRE(first.has_value());
    CHECK(first->generation == 1);
    CHECK(first->fresh);

    const auto resumed = beginning(with_split(1), "h", stored(42, with_split(9)), "h", false, 43);
    REQUIRE(resumed.has_value());
    CHECK(resumed->generation == 42);
    CHECK_FALSE(resumed->fresh);
    CHECK(resumed->model == with_split(9));

    const auto changed = beginning(with_split(1), "new", stored(42, with_split(9)), "h", false, 43);
    CHECK(changed->generation == 43);
    CHECK(changed->fresh);
    CHECK(changed->model == with_split(1));
    CHECK(beginning(with_split(1), "h", stored(42, with_split(9)), "h", true, 43)->generation == 43);
}

TEST_CASE("numbers that may have been given out are passed over") {
    CHECK(beginning(with_split(1), "h", std::nullopt, std::nullopt, false, 501)->generation == 501);
    const auto older_copy = beginning(with_split(1), "h", stored(42, with_split(9)), "h", false, 501);
    CHECK(older_copy->generation == 501);
    CHECK(older_copy->fresh);
    CHECK(older_copy->verb == "resume");
    CHECK(older_copy->model == with_split(9));
}

TEST_CASE("the process part is always the file's") {
    auto file = with_split(1);
    file.process.workers = 3;
    CHECK(beginning(file, "h", stored(42, with_split(9)), "h", false, 43)->model.process.workers == 3);
}

TEST_CASE("a generation of another format is refused with the way out") {
    Generation odd;
    odd.number = 7;
    odd.config = R"({"nonsense": 1})";
    const auto refused = beginning(with_split(1), "h", odd, "h", false, 8);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().detail.find("--from-file") != std::string::npos);
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
    CHECK_FALSE(StateDir::open("/proc/nowhere").has_value());
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
    model.routes[0].rules.push_back({"guarded", ahead, "blue"});
    const auto resumed = beginning(with_split(1), "h", stored(42, model), "h", false, 43);
    REQUIRE(resumed.has_value());
    CHECK(resumed->model == model);
    const auto read = config::parse(std::string_view(config::render_text(model)));
    REQUIRE(read.errors.size() == 1);
    CHECK(read.errors[0].pointer == "/routes/0/rules/0/when/matches");
    // What is in force already hinders no change; a new one is judged.
    CHECK(config::validate(model, config::expressions_in(model)).empty());
    CHECK(config::validate(model, config::expressions_in(with_split(1))).size() == 1);
}
