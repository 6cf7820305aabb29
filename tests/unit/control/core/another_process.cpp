// Another process takes this one's place: nothing is changed from then on, what was under way is durable, and receipts
// wait for a process that still serves beside this one.
#include <doctest/doctest.h>

#include <optional>

#include "tests/unit/control/core/bench.h"

using namespace bench;

namespace {

std::shared_ptr<std::optional<Answer>> asked_of(Bench& b, Change change) {
    auto answer = std::make_shared<std::optional<Answer>>();
    b.controller->change(std::move(change), [answer](Answer a) { answer->emplace(std::move(a)); });
    return answer;
}

Problem taking_over() {
    return {503, "upgrading", "another process takes over"};
}

}  // namespace

TEST_CASE("changes are held when those that came before are durable; later ones are refused, until it goes on") {
    Bench b;
    b.writer->hangs = true;
    const auto under_way = asked_of(b, switch_to("green"));
    const auto waits = asked_of(b, split({{"blue", 1}, {"green", 1}}));
    bool held = false;
    b.controller->hold_changes(taking_over(), [&] { held = true; });
    const auto late = asked_of(b, switch_to("blue"));
    REQUIRE(late->has_value());
    CHECK((*late)->error().kind == "upgrading");
    CHECK_FALSE(b.confirm(1).has_value());
    CHECK_FALSE(held);
    b.writer->answers();
    b.until([&] { return held; });
    b.until([&] { return !b.controller->answers_wait(); });
    REQUIRE(under_way->has_value());
    REQUIRE(waits->has_value());
    CHECK((*waits)->value().generation == 3);
    CHECK((**b.store->newest()).number == 3);
    b.controller->go_on();
    CHECK(b.change(switch_to("blue"))->generation == 4);
}

TEST_CASE("what goes on before all was held is not told that it is") {
    Bench b;
    b.writer->hangs = true;
    const auto under_way = asked_of(b, switch_to("green"));
    bool held = false;
    b.controller->hold_changes(taking_over(), [&] { held = true; });
    b.controller->go_on();
    b.writer->answers();
    b.until([&] { return under_way->has_value(); });
    CHECK(b.change(switch_to("blue"))->generation == 3);
    CHECK_FALSE(held);
}

TEST_CASE("what another process has stored is in force here as well, and goes on from there") {
    Bench b;
    b.controller->hold_changes(taking_over(), [] {});
    auto model = model_of(kConfig);
    model.routes[0].split = {{"blue", 0}, {"green", 100}};
    Commit commit;
    commit.generation = {7, 1, config::render_text(model), "at", "ci", "", "switch", "", {}};
    REQUIRE(b.store->commit(commit).has_value());
    auto shared = std::make_shared<const config::Model>(model);
    b.controller->take_up(shared, compile(shared, 7, b.registry).snapshot);
    CHECK(b.published == std::vector<std::uint64_t>{7});
    CHECK(b.controller->generation() == 7);
    b.controller->go_on();
    CHECK(b.change(switch_to("blue"))->generation == 8);
}

TEST_CASE("a receipt waits for a process that still serves, until that has adopted or is gone") {
    Bench b;
    b.adopt_at_once = false;  // no timer has its turn: it is all done here
    const unsigned other = b.controller->joined(false, 1);
    CHECK(other == 2);
    CHECK(b.controller->adoption().everywhere(1));
    const auto first = asked_of(b, switch_to("green"));
    b.adopt(2);
    CHECK_FALSE(first->has_value());
    b.controller->adopted_elsewhere(other, 2);
    REQUIRE(first->has_value());
    CHECK((*first)->value().status() == 200);
    CHECK((*first)->value().workers == 3);
    const auto second = asked_of(b, switch_to("blue"));
    b.adopt(3);
    CHECK_FALSE(second->has_value());
    b.controller->left(other);
    REQUIRE(second->has_value());
    CHECK((*second)->value().status() == 200);
    CHECK(b.controller->adoption().count() == 2);
}

TEST_CASE("a process that is behind when it joins keeps receipts waiting; the workers themselves are ready") {
    Bench b;
    b.adopt_at_once = false;
    const unsigned other = b.controller->joined(true, 0);
    CHECK_FALSE(b.controller->adoption().everywhere(1));
    CHECK(b.controller->adoption().here(1));
    CHECK(b.controller->adoption().lowest_here() == 1);
    CHECK(b.controller->adoption().behind(1) == std::vector<unsigned>{other});
    const auto receipt = asked_of(b, switch_to("green"));
    CHECK_FALSE(b.controller->adoption().here(2));
    b.adopt(2);
    CHECK_FALSE(receipt->has_value());
    b.controller->adopted_elsewhere(other, 1);
    CHECK_FALSE(receipt->has_value());
    b.controller->adopted_elsewhere(other, 2);
    REQUIRE(receipt->has_value());
    CHECK((*receipt)->value().status() == 200);
}

TEST_CASE("a log of events goes on in another process: ids, and those that came last") {
    EventLog log(100);
    for (int i = 0; i < 10; ++i) log.add("change", {{"n", i}});
    EventLog next(5);
    next.go_on_after(log.newest(1 << 20));
    CHECK(next.since(105).events.size() == 4);
    CHECK_FALSE(next.since(105).gap);
    CHECK(next.since(105).events[0].data == log.since(105).events[0].data);
    next.add("change", {});
    CHECK(next.last_id() == 110);
    EventLog few(5);
    few.go_on_after(log.newest(log.since(108).events[0].data.size()));
    CHECK(few.since(0).events.size() == 1);
    CHECK(few.since(105).gap);
}
