// A return to the old release while the store refuses: in force at once, said loudly, stored as soon as that can be.
#include <nlohmann/json.hpp>

#include "tests/support/fault_vfs.h"
#include "tests/unit/control/core/bench.h"

using namespace bench;

namespace {

struct FullDisk {
    FullDisk() { fault_vfs::arm(fault_vfs::Mode::fail_for_ever, 1); }
    ~FullDisk() { fault_vfs::arm(fault_vfs::Mode::off, 0); }
};

Bench on_that_disk() {
    fault_vfs::install();
    fault_vfs::arm(fault_vfs::Mode::off, 0);
    return Bench(kConfig, fault_vfs::kName);
}

Change coming_back(config::Split weights) {
    auto c = split(std::move(weights));
    c.verb = "rollout";
    c.unstored_if_need_be = true;
    return c;
}

std::string events_of(Controller& controller, const std::string& kind) {
    std::string out;
    for (const auto& event : controller.events().since(0).events)
        if (event.kind == kind) out += event.data + "\n";
    return out;
}

}  // namespace

TEST_CASE(
    "a return that cannot be stored is in force all the same, and receipt, status and events say that it is not") {
    Bench b = on_that_disk();
    REQUIRE(b.change(split({{"blue", 80}, {"green", 20}})).has_value());
    std::optional<FullDisk> full(std::in_place);
    const auto refused = b.change(split({{"blue", 50}, {"green", 50}}));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 507);
    const auto answer = b.change(coming_back({{"blue", 1}, {"green", 0}}));
    REQUIRE(answer.has_value());
    CHECK(answer->status() == 200);
    CHECK(answer->generation == 3);
    CHECK(to_json(*answer)["unstored"].get<std::string>().find("make room") != std::string::npos);
    CHECK(b.published.back() == 3);
    CHECK(b.controller->model().routes[0].split == config::Split{{"blue", 1}, {"green", 0}});
    const auto& unstored = b.controller->unstored();
    REQUIRE(unstored.commits.size() == 1);
    CHECK(unstored.stored == 2);
    CHECK(unstored.since != "");
    CHECK(unstored.why.find("make room") != std::string::npos);
    CHECK(events_of(*b.controller, "store").find("\"unstored\":3") != std::string::npos);
    CHECK((**b.store->newest()).number == 2);
    // Whatever else is asked for is refused as before, and says why.
    CHECK(b.change(split({{"blue", 9}}, "shop")).error().status == 507);
    CHECK(b.undo(0).error().status == 507);
    CHECK(b.controller->generation() == 3);
    // There is room again: no caller needs to ask.
    full.reset();
    b.until([&] { return b.controller->unstored().commits.empty(); });
    const auto kept = **b.store->newest();
    CHECK(kept.number == 3);
    CHECK(kept.parent == 2);
    CHECK(kept.verb == "rollout");
    CHECK(kept.config == b.config());
    CHECK(events_of(*b.controller, "store").find("\"stored\":3") != std::string::npos);
    CHECK(b.controller->unstored().stored == 0);
    CHECK((*b.store->verify_audit()).intact);
}

TEST_CASE("several of them are stored in their order, before the next change of anybody") {
    Bench b = on_that_disk();
    REQUIRE(b.change(split({{"blue", 20}, {"green", 80}})).has_value());
    {
        FullDisk full;
        REQUIRE(b.change(coming_back({{"blue", 1}, {"green", 1}})).has_value());
        REQUIRE(b.change(coming_back({{"blue", 4}, {"green", 1}})).has_value());
        REQUIRE(b.change(coming_back({{"blue", 1}, {"green", 0}})).has_value());
        CHECK(b.controller->unstored().commits.size() == 3);
        CHECK(b.controller->unstored().stored == 2);
    }
    const auto answer = b.change(split({{"blue", 9}}, "shop"));
    REQUIRE(answer.has_value());
    CHECK(answer->generation == 6);
    CHECK(b.controller->unstored().commits.empty());
    for (std::uint64_t g = 3; g <= 6; ++g) {
        const auto kept = *b.store->generation(g);
        REQUIRE(kept.has_value());
        CHECK(kept->parent == g - 1);
    }
    CHECK((*b.store->generation(4))->config.find("\"green\": 1") != std::string::npos);
}

TEST_CASE("a process that ends in order stores them if it can; one that is killed resumes what was stored") {
    Bench b = on_that_disk();
    REQUIRE(b.change(split({{"blue", 80}, {"green", 20}})).has_value());
    {
        FullDisk full;
        REQUIRE(b.change(coming_back({{"blue", 1}, {"green", 0}})).has_value());
    }
    b.restart();
    CHECK(b.controller->generation() == 3);
    {
        FullDisk full;
        REQUIRE(b.change(coming_back({{"blue", 7}, {"green", 0}})).has_value());
        REQUIRE(b.controller->generation() == 4);
        b.controller->stop();
    }
    b.controller.reset();
    b.store.reset();
    b.open_store();
    CHECK((**b.store->newest()).number == 3);
}

TEST_CASE("while a route is being returned its holder is named so, and an undo goes before it; nothing else does") {
    Bench b;
    REQUIRE(b.change(split({{"blue", 80}, {"green", 20}})).has_value());
    Holder holder{"r1", true};
    b.controller->hold_with([&](const std::string& route) { return route == "forum" ? holder : Holder{}; });
    const auto refused = b.change(switch_to("green"));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 409);
    CHECK(refused.error().detail.find("is being returned by rollout r1") != std::string::npos);
    CHECK(b.undo(1).has_value());
    holder.returning = false;
    REQUIRE_FALSE(b.undo(2).has_value());
    CHECK(b.undo(2).error().detail.find("belongs to rollout r1") != std::string::npos);
}
