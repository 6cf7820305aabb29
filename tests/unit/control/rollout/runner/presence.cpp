#include "control/rollout/runner/presence.h"

#include <doctest/doctest.h>

using namespace switchyard::control::rollout;
using namespace std::chrono_literals;

namespace {

struct Scene : World {
    Presence presence{"blue", "green"};
    std::map<std::string, UpstreamHealth> healths{{"blue", {2, 2, 0, {}}}, {"green", {2, 2, 0, {}}}};
    Monotonic now{100'000};

    const Scene& look() {
        presence.look(now, *this);
        return *this;
    }
    std::uint32_t route_id(const std::string&) const override { return 0; }
    std::uint32_t upstream_id(const std::string&) const override { return 0; }
    std::optional<std::pair<std::string, std::string>> endpoint(std::uint32_t) const override { return std::nullopt; }
    bool usable(const std::string& name) const override { return healths.at(name).usable > 0; }
    UpstreamHealth health(const std::string& name) const override { return healths.at(name); }
    void green_is(std::uint32_t usable, std::uint32_t unknown = 0) {
        healths["green"] = {2, usable, unknown, {}};
        if (usable == 0) healths["green"].down = {{"127.0.0.1:9002", "answered 503"}, {"127.0.0.1:9003", "drain"}};
    }
    bool alarm() const { return presence.alarm().has_value(); }
    const std::string& hold() const { return presence.hold(); }
};

}  // namespace

TEST_CASE("the last usable endpoint of the new release goes down: an alarm at once that names who, why, and where to") {
    Scene w;
    w.look();
    CHECK_FALSE(w.alarm());
    w.green_is(1);
    w.look();
    CHECK_FALSE(w.alarm());  // not the last one
    w.green_is(0);
    w.look();
    REQUIRE(w.alarm());
    CHECK(w.presence.alarm()->by == "health");
    CHECK(
        w.presence.alarm()->why ==
        "the last usable endpoint of green went down: 127.0.0.1:9002 (answered 503), 127.0.0.1:9003 (drain); blue has "
        "2 of 2 usable");
    CHECK(w.presence.alarm()->detail["test"] == "nobody_there");
    CHECK(w.presence.alarm()->detail["down"]["127.0.0.1:9002"] == "answered 503");
}

TEST_CASE("no alarm where there is nothing to go back to, or nothing went down: the step holds and says so") {
    struct Row {
        const char* what;
        bool seen;
        std::uint32_t blue_usable, green_unknown;
        std::uint64_t blue_failures;  // of its last 20
        const char* says;             // empty: an alarm
    };
    for (const Row& row :
         {Row{"the old one has nobody either", true, 0, 0, 0, "nor is one of blue"},
          Row{"the old one fails more than half", true, 2, 0, 11, "11 of the last 20 requests to blue failed as well"},
          Row{"the old one fails half", true, 2, 0, 10, ""},
          Row{"never seen usable", false, 2, 0, 0, "no endpoint of green is usable: 127.0.0.1:9002"},
          Row{"one is yet to be checked", true, 2, 1, 0, "no endpoint of green is usable"}}) {
        CAPTURE(row.what);
        Scene w;
        if (row.seen) w.look();
        for (std::uint64_t i = 0; i < 20; ++i) w.presence.add_baseline(1, i < row.blue_failures ? 1 : 0);
        w.healths["blue"].usable = row.blue_usable;
        w.green_is(0, row.green_unknown);
        w.look();
        const std::string says = row.says;
        CHECK(w.alarm() == says.empty());
        CHECK(w.hold().find(says) != std::string::npos);
        w.green_is(1);
        w.look();
        CHECK(w.hold().empty());
    }
}

TEST_CASE("of the old release the last twenty requests count, not those before, and fewer prove nothing") {
    Scene w;
    w.look();
    w.green_is(0);
    for (int i = 0; i < 15; ++i) w.presence.add_baseline(1, 1);
    CHECK(w.look().alarm());  // 15 of 15: too few to keep a dead release for
    w.presence.add_baseline(100, 100);
    CHECK_FALSE(w.look().alarm());
    w.presence.add_baseline(0, 0);
    CHECK_FALSE(w.look().alarm());
    for (int i = 0; i < 20; ++i) w.presence.add_baseline(1, 0);
    CHECK(w.look().alarm());
}

TEST_CASE("an upstream without endpoints is nobody, and is named so") {
    Scene w;
    w.healths["green"] = {};
    CHECK(w.look().hold() == "green has no endpoint");
    Scene emptied;
    emptied.look();
    emptied.healths["green"] = {};
    emptied.look();
    REQUIRE(emptied.alarm());
    CHECK(emptied.presence.alarm()->why == "green has no endpoint; blue has 2 of 2 usable");
}

TEST_CASE("three times down within a minute is crashing, until a minute has passed since the first of three") {
    Scene w;
    w.presence.went_down("127.0.0.1:9002", w.now);
    w.presence.went_down("127.0.0.1:9003", w.now);  // each for itself
    w.presence.went_down("127.0.0.1:9002", w.now += 30s);
    CHECK(w.look().hold().empty());
    w.presence.went_down("127.0.0.1:9002", w.now += 30s);
    CHECK(w.look().hold() == "crashing: endpoint 127.0.0.1:9002 of green went down 3 times in a minute");
    CHECK_FALSE(w.alarm());  // while an endpoint is there it is no reason to go back
    w.now += 1ms;
    CHECK(w.look().hold().empty());
    w.presence.went_down("127.0.0.1:9002", w.now);
    CHECK(w.look().hold().starts_with("crashing"));
    w.now += 2min;
    CHECK(w.look().hold().empty());
}

TEST_CASE("a third of the arm taken out by its checks holds the step and names them; less does not, but is known") {
    Scene w;
    auto& green = w.healths["green"];
    green = {4, 3, 0, {{"127.0.0.1:9002", "answered 503"}}, 4, {{"127.0.0.1:9002", "answered 503"}}};
    w.look();
    CHECK(w.hold().empty());
    CHECK(w.presence.taken_out().size() == 1);
    CHECK(w.presence.wanted() == 4);
    green.usable = 2;
    green.taken_out.emplace_back("127.0.0.1:9003", "");
    w.now += Presence::kStory - 1ms;
    CHECK(w.look().hold().empty());  // not looked at yet
    w.now += 1ms;
    CHECK(w.look().hold() ==
          "2 of 4 endpoints of green are out, a third or more: 127.0.0.1:9002 (answered 503), 127.0.0.1:9003");
    CHECK_FALSE(w.alarm());
    green.taken_out.clear(), green.usable = 4;
    w.now += Presence::kStory;
    CHECK(w.look().hold().empty());
}

TEST_CASE("one of three is a third, and who goes down is looked at again at once; who was drained does not count") {
    Scene w;
    auto& green = w.healths["green"];
    green = {3, 3, 0, {}, 3, {}};
    w.look();
    green = {3, 2, 0, {{"a", "connection refused"}}, 3, {{"a", "connection refused"}}};
    w.presence.went_down("a", w.now);
    CHECK(w.look().hold() == "1 of 3 endpoints of green is out, a third or more: a (connection refused)");
    green = {3, 2, 0, {{"a", "drain"}}, 2, {}};
    w.now += Presence::kStory;
    CHECK(w.look().hold().empty());
}
