// A pause of the plan that wants approvals of several people.
#include <doctest/doctest.h>

#include "control/rollout/render_plan.h"
#include "tests/unit/control/rollout/driver.h"
#include "tests/unit/control/rollout/plans.h"

using namespace switchyard::control::rollout;
using namespace std::chrono_literals;

namespace {

Plan plan_with(const char* pause) {
    auto json = nlohmann::ordered_json::parse(kPlanText);
    json["steps"][3]["pause"] = nlohmann::ordered_json::parse(pause);
    return parse_plan(json).plan.value();
}

// Begun by ci, at the pause.
Driver at_pause(const char* pause = R"({"approvals": 2})") {
    Driver d(plan_with(pause));
    std::string refusal;
    d.take(d.machine.start(d.now, "ci"));
    for (int i = 0; i < 3; ++i) d.take(d.machine.promote(d.now, "ci", refusal));
    REQUIRE(d.machine.state() == State::paused);
    REQUIRE(d.machine.step() == 3);
    return d;
}

std::string promote(Driver& d, const std::string& by) {
    std::string refusal;
    d.take(d.machine.promote(d.now, by, refusal));
    return refusal;
}

}  // namespace

TEST_CASE("approvals count once per name, never of who began it, and the last one goes on") {
    auto d = at_pause();
    CHECK(promote(d, "ci").find("ci began it") == 0);
    CHECK(promote(d, "anna").empty());
    CHECK(d.machine.step() == 3);
    CHECK(d.machine.why() == "the plan pauses here for 2 approvals of others than ci; approved by anna");
    CHECK(promote(d, "anna").find("anna has approved already") == 0);
    CHECK(promote(d, "ci").find("ci began it") == 0);
    CHECK(d.machine.approved() == std::vector<std::string>{"anna"});
    // To resume is to approve.
    std::string refusal;
    d.take(d.machine.resume(d.now, "bert", refusal));
    CHECK(refusal.empty());
    CHECK(d.machine.step() == 4);
    CHECK(d.machine.approved().empty());
    CHECK(d.journal.back().why == "approved by anna, bert");
}

TEST_CASE("time and evidence are no approval") {
    auto d = at_pause();
    CHECK(promote(d, "anna").empty());
    d.pass(1h, Driver::with_good());
    CHECK(d.machine.step() == 3);
    CHECK(d.machine.state() == State::paused);
}

TEST_CASE("approvals survive a restart, at every record of the journal") {
    auto d = at_pause();
    CHECK(promote(d, "anna").empty());
    Driver back(d.machine.plan());
    back.take(back.machine.restore(d.journal, back.now));
    CHECK(back.machine.step() == 3);
    CHECK(back.machine.approved() == std::vector<std::string>{"anna"});
    CHECK(back.machine.why() == d.machine.why());
    CHECK(promote(back, "anna").find("anna has approved already") == 0);
    CHECK(promote(back, "ci").find("ci began it") == 0);
    CHECK(promote(back, "bert").empty());
    CHECK(back.machine.step() == 4);
}

TEST_CASE("a pause without approvals ends as it always did, and who is asked may always abort") {
    auto d = at_pause("{}");
    CHECK(promote(d, "ci").empty());
    CHECK(d.machine.step() == 4);
    auto other = at_pause();
    std::string refusal;
    other.take(other.machine.abort(other.now, "ci", refusal));
    CHECK(refusal.empty());
    CHECK(other.machine.state() == State::aborted);
}

TEST_CASE("a plan's approvals are read, written and checked") {
    CHECK(render_plan(plan_with(R"({"approvals": 2})"))["steps"][3].dump() == R"({"pause":{"approvals":2}})");
    CHECK(render_plan(plan_with("{}"))["steps"][3].dump() == R"({"pause":{}})");
    for (const char* wrong :
         {R"({"approvals": 0})", R"({"approvals": 21})", R"({"approvals": "2"})", R"({"approval": 2})", "2"}) {
        CAPTURE(wrong);
        auto json = nlohmann::ordered_json::parse(kPlanText);
        json["steps"][3]["pause"] = nlohmann::ordered_json::parse(wrong);
        const auto parsed = parse_plan(json);
        REQUIRE(parsed.errors.size() == 1);
        CHECK(parsed.errors[0].pointer.find("/steps/3/pause") == 0);
    }
}
