#include "control/discovery/roll.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "tests/support/found_at.h"

using namespace switchyard::control::discovery;
using namespace switchyard;
using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;
using Kind = Roll::News::Kind;
using Held = Roll::Held;

Sighting names(const Texts& addresses) {
    std::vector<Found> found;
    for (const auto& text : addresses) found.push_back(found_at(text + ":80"));
    return Sighting::of(std::move(found));
}
const Texts kAB{"10.0.0.1", "10.0.0.2"};

// A roll whose clock and health are turned by hand; an endpoint without a word about it is up.
struct Table {
    config::Discovery rules;
    Roll roll{rules};
    Roll::Time now{};
    std::map<std::string, Vital> health;
    bool others = false;
    std::chrono::milliseconds wall{};  // how far the wall's clock is off

    Table() = default;
    explicit Table(const config::Discovery& with) : rules(with), roll(with) {}
    Roll::Health vitals() {
        return {[this](const config::Address& address) {
                    const auto it = health.find(address.host);
                    return it == health.end() ? Vital::up : it->second;
                },
                others};
    }
    Roll::Now at_now() const {
        return {now, std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() + wall).count()};
    }
    bool hear(const Sighting& sighting) { return roll.heard(sighting, vitals(), at_now()); }
    bool hear(const Texts& addresses) { return hear(names(addresses)); }
    bool pass(std::chrono::milliseconds time) {
        now += time;
        return roll.judge(vitals(), at_now());
    }
    Texts used() const {
        Texts out;
        for (const auto& endpoint : roll.endpoints()) out.push_back(endpoint.address.host);
        return out;
    }
    Held held(const std::string& host) const {
        for (const auto& member : roll.members())
            if (member.found.address.host == host) return member.held;
        return Held::no;
    }
    std::size_t told(Kind kind) {
        const auto news = roll.take_news();
        return static_cast<std::size_t>(std::ranges::count(news, kind, &Roll::News::kind));
    }
};

config::Discovery with_empty() {
    config::Discovery rules;
    rules.allow_empty = true;
    return rules;
}

}  // namespace

TEST_CASE("the life of a roll: it fills, an endpoint goes after its hold, and the number tells each of it") {
    Table t;
    CHECK(t.roll.state() == Roll::State::starting);
    CHECK(t.hear(kAB));
    CHECK(t.used() == kAB);
    CHECK(t.roll.number() == 1);
    CHECK(t.roll.state() == Roll::State::current);
    CHECK_FALSE(t.hear(kAB));
    CHECK(t.roll.number() == 1);

    CHECK_FALSE(t.hear(Texts{"10.0.0.1"}));
    CHECK(t.held("10.0.0.2") == Held::hold);
    CHECK(t.roll.next_judgement() == t.now + 10s);
    CHECK_FALSE(t.pass(9999ms));
    CHECK(t.pass(1ms));
    CHECK(t.used() == Texts{"10.0.0.1"});
    CHECK(t.roll.number() == 2);
    CHECK_FALSE(t.roll.next_judgement());
    CHECK(t.told(Kind::changed) == 2);
}

TEST_CASE("whoever is named again stays, and nobody was told that he left") {
    Table t;
    t.hear(kAB);
    t.hear(Texts{"10.0.0.1"});
    t.pass(5s);
    CHECK_FALSE(t.hear(kAB));
    CHECK_FALSE(t.pass(1min));
    CHECK(t.used() == kAB);
    CHECK(t.roll.number() == 1);
}

TEST_CASE("who is absent and fails the checks goes at once; the roll is asked again when health changes") {
    Table t;
    t.hear(kAB);
    t.hear(Texts{"10.0.0.1"});
    t.health["10.0.0.2"] = Vital::down;
    CHECK(t.pass(0s));
    CHECK(t.used() == Texts{"10.0.0.1"});
}

TEST_CASE("who is present and fails the checks stays a member: it may come back") {
    Table t;
    t.hear(kAB);
    t.health["10.0.0.1"] = t.health["10.0.0.2"] = Vital::down;
    CHECK_FALSE(t.pass(1h));
    CHECK(t.used() == kAB);
}

TEST_CASE("an error takes nothing away, whatever it is and however long it lasts") {
    Table t;
    t.hear(kAB);
    t.hear(Texts{"10.0.0.1"});
    for (const char* why : {"SERVFAIL", "NXDOMAIN", "500", "500", "filtered by ACL"}) {
        CHECK_FALSE(t.hear(Sighting::failed(why)));
        CHECK_FALSE(t.pass(1h));
    }
    CHECK(t.used() == kAB);
    CHECK(t.held("10.0.0.2") == Held::error);
    CHECK(t.roll.state() == Roll::State::stale);
    CHECK(t.roll.why() == "filtered by ACL");
    CHECK(t.roll.stale_since() == Roll::Time{});
    CHECK(t.told(Kind::failed) == 4);  // the same twice is told once
    CHECK(t.hear(Texts{"10.0.0.1"}));  // long absent, and now confirmed
    CHECK(t.told(Kind::well_again) == 1);
    CHECK(t.used() == Texts{"10.0.0.1"});
}

TEST_CASE("a complete nothing is not believed") {
    Table t;
    t.hear(kAB);
    CHECK_FALSE(t.hear(Texts{}));
    CHECK_FALSE(t.pass(1h));
    CHECK_FALSE(t.hear(Texts{}));
    CHECK(t.used() == kAB);
    CHECK(t.held("10.0.0.1") == Held::empty);
    CHECK(t.told(Kind::held) == 1);
    CHECK_FALSE(t.roll.next_look());  // nothing is to be confirmed
    t.hear(kAB);
    CHECK(t.held("10.0.0.1") == Held::no);
}

TEST_CASE("with allow_empty nothing is believed when it was confirmed, and the last that are up stay all the same") {
    Table t(with_empty());
    t.hear(kAB);
    CHECK_FALSE(t.hear(Texts{}));
    CHECK(t.roll.next_look() == t.now + 10s);
    t.pass(15s);
    CHECK_FALSE(t.hear(Texts{}));
    t.pass(15s);
    CHECK_FALSE(t.hear(Texts{}));  // from here on it counts, and the holds begin
    CHECK_FALSE(t.pass(1h));
    CHECK(t.used() == kAB);
    CHECK(t.held("10.0.0.1") == Held::kept_last);
    t.health["10.0.0.1"] = Vital::down;
    CHECK(t.pass(0s));
    CHECK(t.used() == Texts{"10.0.0.2"});
    t.health["10.0.0.2"] = Vital::down;
    CHECK(t.pass(0s));
    CHECK(t.used().empty());
}

TEST_CASE("kept-last: whoever is up stays until somebody who is named is up") {
    Table t;
    t.hear(kAB);
    t.health["10.0.0.3"] = Vital::unknown;
    CHECK(t.hear(Texts{"10.0.0.3"}));
    CHECK_FALSE(t.pass(1h));
    CHECK(t.held("10.0.0.1") == Held::kept_last);
    CHECK(t.used() == Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3"});
    t.health["10.0.0.3"] = Vital::down;
    CHECK_FALSE(t.pass(1h));
    SUBCASE("named") {
        t.health["10.0.0.3"] = Vital::up;
        CHECK(t.pass(0s));
        CHECK(t.used() == Texts{"10.0.0.3"});
    }
    SUBCASE("or one that is written") {
        t.others = true;
        CHECK(t.pass(0s));
        CHECK(t.used() == Texts{"10.0.0.3"});
    }
    SUBCASE("but not one that drains") {
        auto draining = names({"10.0.0.3"});
        draining.found[0].draining = true;
        t.health["10.0.0.3"] = Vital::up;
        t.hear(draining);
        CHECK_FALSE(t.pass(1h));
    }
}

TEST_CASE("what removes most of three or more waits until it has stood, in three answers; what is added does not") {
    Table t;
    t.hear(Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"});
    CHECK(t.hear(Texts{"10.0.0.4", "10.0.0.5"}));
    CHECK(t.used().size() == 5);
    CHECK(t.roll.next_look() == t.now + 10s);
    t.pass(20s);
    CHECK(t.held("10.0.0.1") == Held::mass);
    t.health["10.0.0.1"] = Vital::down;  // not missed
    CHECK(t.pass(0s));
    CHECK_FALSE(t.hear(Texts{"10.0.0.4", "10.0.0.5"}));
    CHECK_FALSE(t.pass(1h));  // it has stood long enough, but in two answers
    CHECK(t.hear(Texts{"10.0.0.4", "10.0.0.5"}));
    CHECK(t.used() == Texts{"10.0.0.4", "10.0.0.5"});
    CHECK(t.told(Kind::held) == 1);
}

TEST_CASE("a rolling replacement is no mass removal: one after the other goes after its hold") {
    Table t;
    Texts now{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"};
    t.hear(now);
    for (int i = 0; i < 4; ++i) {
        now.push_back("10.0.1." + std::to_string(i + 1));
        t.hear(now);
        t.pass(4s);
        now.erase(now.begin());
        t.hear(now);
        t.pass(4s);
    }
    t.pass(10s);
    CHECK(t.used() == Texts{"10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4"});
    CHECK(t.told(Kind::held) == 0);
}

TEST_CASE("a registry that loses most and finds it again has changed nothing") {
    Table t;
    const Texts all{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"};
    t.hear(all);
    t.hear(Texts{"10.0.0.1"});
    t.pass(29s);
    t.hear(Texts{"10.0.0.1"});
    t.hear(all);
    t.pass(1h);
    CHECK(t.used() == all);
    CHECK(t.roll.number() == 1);
}

TEST_CASE("answers that come in parts: absent is who is in none of three") {
    Table t;
    const auto part = [](const Texts& addresses) {
        auto out = names(addresses);
        out.in_parts = true;
        return out;
    };
    t.hear(part({"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
    t.hear(part({"10.0.0.1", "10.0.0.2"}));
    t.pass(1min);
    CHECK(t.held("10.0.0.3") == Held::parts);
    t.hear(part({"10.0.0.1", "10.0.0.2"}));
    CHECK(t.used().size() == 3);
    CHECK(t.hear(part({"10.0.0.1", "10.0.0.2"})));
    CHECK(t.used() == kAB);
}

TEST_CASE("who comes and goes is held longer each time, up to five minutes, and as any other when it was quiet") {
    Table t;
    const auto held_for = [&] {
        t.hear(Texts{"10.0.0.1"});
        const auto hold = *t.roll.next_judgement() - t.now;
        t.pass(1s);
        t.hear(kAB);
        return std::chrono::duration_cast<std::chrono::seconds>(hold);
    };
    t.hear(kAB);
    CHECK(held_for() == 10s);
    CHECK(held_for() == 10s);
    CHECK(held_for() == 20s);
    CHECK(held_for() == 40s);
    for (int i = 0; i < 10; ++i) held_for();
    CHECK(held_for() == 300s);
    t.pass(301s);
    CHECK(held_for() == 10s);
}

TEST_CASE("an agent that has lost its leader adds, and removes nothing") {
    Table t;
    t.hear(kAB);
    auto unsure = names({"10.0.0.1", "10.0.0.3"});
    unsure.may_remove = false;
    CHECK(t.hear(unsure));
    CHECK_FALSE(t.pass(1h));
    CHECK(t.used() == Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3"});
}

TEST_CASE(
    "addresses that lead to no other machine are refused, each told once; an answer of nothing else is no answer") {
    Table t;
    config::Listener listener;
    listener.name = "public";
    listener.bind = *config::Address::parse("0.0.0.0:80");
    config::Listener here = listener;
    here.bind = *config::Address::parse("10.0.0.9:80");
    t.roll.rules(t.rules, {listener, here});
    t.hear(Texts{"10.0.0.1"});
    t.roll.take_news();
    const Texts bad{"127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "10.0.0.9", "255.255.255.255"};
    auto mixed = bad;
    mixed.push_back("10.0.0.2");
    CHECK(t.hear(mixed));
    CHECK(t.used() == kAB);
    CHECK(t.told(Kind::refused) == 1);
    t.hear(mixed);
    CHECK(t.told(Kind::refused) == 0);
    CHECK_FALSE(t.hear(bad));
    CHECK(t.roll.state() == Roll::State::stale);
    CHECK(t.roll.why() == "0.0.0.0:80 is listener public of this proxy, and 5 more that are refused");
    for (const char* v6 : {"[::1]:80", "[::]:80", "[fe80::1]:80", "[ff02::1]:80"}) {
        Sighting one;
        one.complete = true;
        one.found = {found_at(v6)};
        t.hear(one);
        CHECK(t.roll.state() == Roll::State::stale);
    }
}

TEST_CASE("with allow only its blocks are taken, loopback too, but never our own listener") {
    config::Discovery rules;
    rules.allow = {"127.0.0.0/8", "10.1.0.0/16"};
    Table t(rules);
    config::Listener listener;
    listener.bind = *config::Address::parse("0.0.0.0:80");
    t.hear(Texts{"127.0.0.1", "10.1.0.1", "10.0.0.1"});
    CHECK(t.used() == Texts{"10.1.0.1", "127.0.0.1"});
    t.roll.rules(rules, {listener});
    t.hear(Texts{"127.0.0.1"});
    CHECK(t.roll.state() == Roll::State::stale);
}

TEST_CASE("of many that come at once the first are told and the rest is counted") {
    Table t;
    Texts many;
    for (int i = 1; i <= 30; ++i) many.push_back("10.0.0." + std::to_string(i));
    t.hear(many);
    const auto news = t.roll.take_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0].added.size() == Roll::kToldNames + 1);
    CHECK(news[0].added.back() == "and 10 more");
}

TEST_CASE("more than max_endpoints is no answer, and of far too many none is told") {
    config::Discovery rules;
    rules.max_endpoints = 2;
    Table t(rules);
    t.hear(kAB);
    CHECK_FALSE(t.hear(Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
    CHECK(t.roll.why() == "3 endpoints, more than max_endpoints (2)");
    Texts far_too_many;
    for (int i = 1; i <= 9; ++i) far_too_many.push_back("127.0.0." + std::to_string(i));
    CHECK_FALSE(t.hear(far_too_many));
    CHECK(t.told(Kind::refused) == 0);
    CHECK(t.used() == kAB);
}

TEST_CASE("who drains, or is down by the source, gets nothing new; where all are down by it, it is not believed") {
    Table t;
    auto said = names(kAB);
    said.found[0].draining = true;
    t.hear(said);
    CHECK(t.roll.endpoints()[0].state == config::EndpointState::drain);
    CHECK(t.roll.endpoints()[1].state == config::EndpointState::up);
    said = names(kAB);
    said.found[0].down = true;
    CHECK_FALSE(t.hear(said));  // to the endpoints it is the same
    said.found[1].down = true;
    CHECK(t.hear(said));
    CHECK(t.roll.endpoints()[0].state == config::EndpointState::up);
    CHECK(t.roll.endpoints()[1].state == config::EndpointState::up);
}

TEST_CASE("weights and backups are the source's, and a change of them is a roll") {
    Table t;
    t.hear(kAB);
    auto heavier = names(kAB);
    heavier.found[0].weight = 3;
    heavier.found[1].backup = true;
    CHECK(t.hear(heavier));
    CHECK(t.roll.number() == 2);
    CHECK(t.roll.endpoints()[0].weight == 3);
    CHECK(t.roll.endpoints()[1].backup);
}

TEST_CASE("after a restart the stored roll is stale and goes on; the first answer is judged as any other") {
    Table before;
    before.hear(kAB);
    Table t;
    t.roll.restore(before.roll.kept(), t.at_now());
    t.health["10.0.0.1"] = t.health["10.0.0.2"] = Vital::unknown;
    CHECK(t.used() == kAB);
    CHECK(t.roll.number() == 1);
    CHECK(t.roll.state() == Roll::State::stale);
    CHECK_FALSE(t.pass(1h));
    CHECK_FALSE(t.hear(Texts{}));
    CHECK(t.hear(Texts{"10.0.0.3"}));
    t.pass(1h);
    CHECK(t.used() == Texts{"10.0.0.3"});  // it is up, and the two others are not known
}

TEST_CASE("without checks an endpoint goes after its hold") {
    Table t;
    t.health["10.0.0.1"] = t.health["10.0.0.2"] = t.health["10.0.0.3"] = Vital::unchecked;
    t.hear(kAB);
    t.hear(Texts{"10.0.0.3"});
    CHECK(t.used().size() == 3);
    CHECK(t.pass(10s));
    CHECK(t.used() == Texts{"10.0.0.3"});
}

TEST_CASE("the wall's clock is only shown: however it jumps, a roll does what it does without") {
    // Two of the same story, on one of which the wall jumps by an hour there and back with every step.
    Table still, jumping;
    const auto both = [&](const auto& does) {
        does(still);
        jumping.wall += jumping.wall < 0ms ? 2h : -2h;
        does(jumping);
        CHECK(jumping.used() == still.used());
        CHECK(jumping.roll.number() == still.roll.number());
        CHECK(jumping.roll.next_judgement() == still.roll.next_judgement());
        CHECK(jumping.roll.next_look() == still.roll.next_look());
        for (const auto& host : still.used()) CHECK(jumping.held(host) == still.held(host));
    };
    jumping.wall = -1h;
    const Texts all{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"};
    both([&](Table& t) { t.hear(all); });
    both([&](Table& t) { t.hear(Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3"}); });
    for (int i = 0; i < 12; ++i) both([](Table& t) { t.pass(1s); });
    CHECK(still.used().size() == 3);
    for (int i = 0; i < 40; ++i) {
        both([](Table& t) { t.hear(Texts{"10.0.0.1"}); });
        both([](Table& t) { t.pass(1s); });
    }
    CHECK(still.used() == Texts{"10.0.0.1"});
    both([](Table& t) { t.hear(Sighting::failed("SERVFAIL")); });
    both([](Table& t) { t.hear(kAB); });
    for (int i = 0; i < 4; ++i) {  // who comes and goes
        both([](Table& t) { t.hear(Texts{"10.0.0.1"}); });
        both([](Table& t) { t.pass(30s); });
        both([](Table& t) { t.hear(kAB); });
    }
    const auto restart = [](Table& t) {
        const auto kept = t.roll.kept();
        t.roll = Roll(t.rules);
        t.roll.restore(kept, t.at_now());
    };
    both([](Table& t) { t.hear(Texts{"10.0.0.1"}); });
    both(restart);
    both([](Table& t) { t.hear(Texts{"10.0.0.1"}); });
    for (int i = 0; i < 200; ++i) both([](Table& t) { t.pass(1s); });
    CHECK(still.used() == Texts{"10.0.0.1"});
}
