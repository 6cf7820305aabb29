// The outlook says what a claim then does.
#include <doctest/doctest.h>

#include <vector>

#include "config/model/endpoint.h"
#include "config/model/upstream.h"
#include "group.h"

using namespace switchyard::upstream;
using Kind = switchyard::config::Balance::Kind;

namespace {

Kind kind_of(Random& random) {
    constexpr Kind kAll[] = {Kind::weighted_round_robin,
                             Kind::least_connections,
                             Kind::random_two,
                             Kind::ip_hash,
                             Kind::hash,
                             Kind::peak_ewma};
    return kAll[random.below(6)];
}

std::vector<std::uint32_t> weights_of(Random& random) {
    std::vector<std::uint32_t> weights(1 + random.below(5));
    for (auto& w : weights) w = random.below(4);
    return weights;
}

// Into some state: any mixture of loads, limits, health, ejections, wishes and backups.
void shake(Group& g, Random& random) {
    using Wish = switchyard::config::EndpointState;
    for (std::size_t i = 0; i < g.upstream.endpoints.size(); ++i) {
        auto& e = g.upstream.endpoints[i];
        e.backup = random.below(4) == 0;
        g.upstream.has_backups = g.upstream.has_backups || e.backup;
        if (random.below(4) == 0) e.max_connections = 1 + random.below(3);
        if (random.below(5) == 0) e.wanted = random.below(2) == 0 ? Wish::drain : Wish::maint;
        if (random.below(5) == 0) g.down(i);
        if (random.below(5) == 0) g.eject(i);
        if (random.below(6) == 0) e.state->set(EndpointState::draining, true);
        g.set_in_flight(i, random.below(4));
    }
    if (random.below(2) == 0) g.upstream.ejection.panic_percent = 50;
    if (g.upstream.balance.kind == Kind::hash) g.upstream.maglev = build_maglev(g.upstream.endpoints);
    g.input.key_hash = random.next();
    g.input.all_down = random.below(8) == 0;
    for (std::size_t i = 0; g.input.all_down && i < g.upstream.endpoints.size(); ++i)
        if (random.below(8) != 0) g.down(i);
    if (random.below(3) == 0)
        g.input.preferred = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(g.locals.size())));
}

}  // namespace

TEST_CASE("what is certain is what is claimed, and nobody is claimed who was no candidate") {
    Random random(20261121);
    int certain = 0, open = 0, none = 0, busy = 0;
    for (int round = 0; round < 3000; ++round) {
        CAPTURE(round);
        Group g(kind_of(random), weights_of(random));
        shake(g, random);
        const bool hashed = g.upstream.balance.kind == Kind::ip_hash || g.upstream.balance.kind == Kind::hash;
        const auto outlook = switchyard::upstream::outlook(g.upstream, g.input, hashed);
        const auto again = switchyard::upstream::outlook(g.upstream, g.input, hashed);
        CHECK(outlook.certain == again.certain);  // looking changes nothing
        const auto choice = g.claim();
        if (choice.status == Choice::Status::claimed) {
            CHECK((outlook.certain ? *outlook.certain == choice.endpoint : outlook.candidates[choice.endpoint]));
            ++(outlook.certain ? certain : open);
        } else {
            CHECK_FALSE(outlook.certain);
            CHECK(outlook.busy == (choice.status == Choice::Status::busy));
            for (const bool candidate : outlook.candidates) CHECK_FALSE(candidate);
            ++(outlook.busy ? busy : none);
        }
        if (hashed && choice.status == Choice::Status::claimed) CHECK((outlook.certain || outlook.crowded));
    }
    // Every kind of state came up.
    CHECK(certain > 200);
    CHECK(open > 200);
    CHECK(none > 50);
    CHECK(busy > 50);
}

TEST_CASE("a hash without its key names nobody") {
    Group g(Kind::hash, {1, 1});
    g.upstream.maglev = build_maglev(g.upstream.endpoints);
    CHECK_FALSE(outlook(g.upstream, g.input, false).certain);
    CHECK(outlook(g.upstream, g.input, true).certain);
}

// Between explain and the request that was explained, requests that are under way may end.
TEST_CASE("the one that a hash names stays the one, whatever requests end before the claim") {
    Random random(7);
    int certain = 0, crowded = 0;
    for (int round = 0; round < 500; ++round) {
        CAPTURE(round);
        Group g(Kind::hash, {1, 2, 3, 2});
        g.upstream.maglev = build_maglev(g.upstream.endpoints);
        g.input.key_hash = random.next();
        for (std::size_t i = 0; i < 4; ++i) g.set_in_flight(i, random.below(3));
        const auto said = outlook(g.upstream, g.input, true);
        CHECK(said.certain.has_value() != said.crowded.has_value());
        ++(said.certain ? certain : crowded);
        for (std::size_t i = 0; i < 4; ++i) g.set_in_flight(i, 0);
        CHECK(g.claim().endpoint == (said.certain ? *said.certain : *said.crowded));
    }
    CHECK(certain > 50);
    CHECK(crowded > 50);
}
