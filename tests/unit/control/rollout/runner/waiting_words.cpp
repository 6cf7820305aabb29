#include "control/rollout/runner/waiting_words.h"

#include "tests/unit/control/rollout/driver.h"
#include "tests/unit/control/rollout/plans.h"

using namespace switchyard::control::rollout;

namespace {

std::string told(const Driver& driver, const StepNeeds& needs) {
    return waiting_words(driver.machine, needs, [](Duration ahead) {
        return "+" + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(ahead).count());
    });
}

}  // namespace

TEST_CASE("how long so many requests take is told in seconds, minutes, hours, or not at all") {
    CHECK(about({286, 2.5}) == "about 2 min");
    CHECK(about({286, 100.0}) == "about 3 s");
    CHECK(about({280, 0.04}) == "about 2 h");
    CHECK(about({286, 0.0}).empty());
    CHECK(about({0, 10.0}).empty());
}

TEST_CASE("a step that bakes says how long, and what will still be asked of it then") {
    Plan plan;
    plan.route = "app", plan.from = "blue", plan.to = "green";
    plan.steps = {{Step::Kind::weight, 50'000, Duration(12'000)}, {Step::Kind::weight, kWhole, Duration(1000)}};
    plan.patience = Duration(60'000);
    Driver driver(plan);
    driver.take(driver.machine.start(driver.now, "ci"));
    CHECK(told(driver, {}) == "started; inconclusive at +72");
    driver.pass(Duration(2000), Driver::with_nothing());
    CHECK(told(driver, {286, 2.5}) == "bakes 2 of 12 s; then 286 more requests: about 2 min");
    CHECK(told(driver, {1, 0.0}) == "bakes 2 of 12 s; then 1 more request");
    CHECK(told(driver, {}) == "bakes 2 of 12 s");
    driver.pass(Duration(20'000), Driver::with_nothing());
    CHECK(told(driver, {286, 2.5}) ==
          "waits: 0 of 300 canary requests; 286 more requests: about 2 min; inconclusive at +50");
    CHECK(told(driver, {}) == "waits: 0 of 300 canary requests; inconclusive at +50");
    driver.pass(Duration(2000), Driver::with_hold());
    CHECK(told(driver, {5, 1.0}) == "no endpoint of green is usable; inconclusive at +48");
    driver.pass(Duration(60'000), Driver::with_nothing());
    CHECK(told(driver, {286, 2.5}) == "waited for evidence in vain: green was not asked once");
}

TEST_CASE("what the plan does when nobody comes is what is announced") {
    Plan plan;
    plan.route = "app", plan.from = "blue", plan.to = "green";
    plan.steps = {{Step::Kind::weight, kWhole, Duration(1000)}};
    plan.patience = Duration(10'000);
    for (const auto& [policy, said] :
         {std::pair{Plan::Inconclusive::rollback, "rolled back at +9"},
          std::pair{Plan::Inconclusive::promote_if_no_failures, "promoted, if nothing failed, at +9"}}) {
        plan.inconclusive = policy;
        Driver driver(plan);
        driver.take(driver.machine.start(driver.now, "ci"));
        driver.pass(Duration(2000), Driver::with_nothing());
        CHECK(told(driver, {}) == std::string("waits: 0 of 300 canary requests; ") + said);
    }
}
