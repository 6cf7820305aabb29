// Adoption, leaving, event_log, answers: the small pure parts of the controller.
#include <doctest/doctest.h>

#include "control/core/adoption.h"
#include "control/core/answers.h"
#include "control/core/event_log.h"
#include "control/core/leaving.h"
#include "tests/unit/control/core/bench.h"

using namespace bench;

TEST_CASE("everywhere is true only when every worker has come so far, and stays true") {
    Adoption a(3);
    a.adopted(0, 7);
    a.adopted(1, 6);
    CHECK_FALSE(a.everywhere(6));
    CHECK(a.behind(7) == std::vector<unsigned>{1, 2});
    a.adopted(2, 9);
    CHECK(a.everywhere(6));
    a.adopted(1, 5);  // an old message: nothing goes back
    CHECK(a.everywhere(6));
}

TEST_CASE("an upstream leaves when a share falls, a rule goes, or an endpoint is taken out") {
    const auto before = model_of(kConfig);
    const auto left = [&](auto edit) {
        auto after = before;
        edit(after);
        return leaving(before, after);
    };
    using Names = std::set<std::string>;
    CHECK(left([](auto&) {}) == Names{});
    CHECK(left([](auto& m) { m.routes[0].split = {{"blue", 0}, {"green", 100}}; }) == Names{"blue"});
    CHECK(left([](auto& m) { m.routes[0].split = {{"blue", 50}, {"green", 0}}; }) == Names{});
    CHECK(left([](auto& m) { m.routes[0].split = {{"blue", 90}, {"green", 10}}; }) == Names{"blue"});
    CHECK(left([](auto& m) { m.routes.pop_back(); }) == Names{"blue"});
    CHECK(left([](auto& m) { m.upstreams["green"].endpoints[0].state = config::EndpointState::drain; }) ==
          Names{"green"});
    CHECK(left([](auto& m) { m.upstreams["blue"].endpoints.clear(); }) == Names{"blue"});
}

TEST_CASE("events resume after an id, and say when some are gone") {
    EventLog log(1000);
    for (int i = 0; i < 3; ++i) log.add("change", {{"n", i}});
    CHECK(log.since(999).events.size() == 3);
    CHECK_FALSE(log.since(999).gap);
    CHECK(log.since(1001).events.size() == 1);
    CHECK(log.since(1002).events.empty());
    CHECK(log.since(5).gap);  // from before a restart
    CHECK(log.since(5).events.size() == 3);
    CHECK_FALSE(log.since(0).gap);  // whatever there is
    CHECK(log.since(0).events.size() == 3);
    CHECK(log.since(2000).gap);  // from before a restart, and the clock went back
    CHECK(log.since(2000).events.size() == 3);
    for (std::size_t i = 0; i < EventLog::kKept; ++i) log.add("change", {});
    CHECK(log.since(1000).gap);
    CHECK(log.since(1000).events.size() == EventLog::kKept);
    CHECK(log.since(1000, 100).events.size() < 10);  // in parts, the first of them first
    CHECK(log.since(1000, 100).events.front().id == log.since(1000).events.front().id);
    CHECK(log.since(1000, 1).events.size() == 1);
}

TEST_CASE("events that are large are kept by their size") {
    EventLog log(1);
    const std::string large(EventLog::kKeptBytes / 4, 'x');
    for (int i = 0; i < 10; ++i) log.add("change", {{"n", i}, {"changes", large}});
    CHECK(log.since(0).events.size() == 3);
    CHECK(log.since(0).events.back().id == 10);
    CHECK(log.since(2).gap);
    log.add("change", {{"changes", large + large + large + large + large}});
    CHECK(log.since(0).events.size() == 1);  // the newest is always there
}

TEST_CASE("a bell may take itself away while it rings") {
    EventLog log(1);
    int rung = 0;
    unsigned number = 0;
    number = log.subscribe([&] {
        ++rung;
        log.unsubscribe(number);
    });
    log.add("change", {});
    log.add("change", {});
    CHECK(rung == 1);
}

TEST_CASE("answers are kept per caller, forgotten when nothing was done, and bounded") {
    Answers answers;
    using Found = Answers::Found;
    answers.begin("ci", "k", "f");
    CHECK(answers.find("ci", "k", "f").found == Found::in_progress);
    CHECK(answers.find("ci", "k", "g").found == Found::other_call);
    CHECK(answers.find("eve", "k", "f").found == Found::nothing);
    answers.end("ci", "k", problems::conflict("no"));
    CHECK(answers.find("ci", "k", "f").found == Found::nothing);
    answers.begin("ci", "k", "f");
    answers.end("ci", "k", Receipt{});
    CHECK(answers.find("ci", "k", "f").found == Found::answered);
    answers.begin("ci", "k2", "f");
    answers.end("ci", "k2", problems::store_full("full"));
    CHECK(answers.find("ci", "k2", "f").found == Found::nothing);
    for (std::size_t i = 0; i < 2 * Answers::kKept; ++i) {
        answers.begin("ci", "x" + std::to_string(i), "f");
        answers.end("ci", "x" + std::to_string(i), Receipt{});
    }
    CHECK(answers.find("ci", "k", "f").found == Found::nothing);
    CHECK(answers.find("ci", "x2047", "f").found == Found::answered);
}
