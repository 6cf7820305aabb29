#include "proxy/upstream/balancer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "group.h"

using namespace switchyard::upstream;
using Kind = switchyard::config::Balance::Kind;

namespace {

constexpr Kind kKinds[] = {
    Kind::random_two, Kind::weighted_round_robin, Kind::least_connections, Kind::ip_hash, Kind::peak_ewma, Kind::hash};

std::size_t count(const std::string& picks, char who) {
    return static_cast<std::size_t>(std::count(picks.begin(), picks.end(), who));
}

}  // namespace

TEST_CASE("weighted round robin is nginx's smooth one") {
    CHECK(Group(Kind::weighted_round_robin, {5, 1, 1}).picks(7) == "aabacaa");
    CHECK(Group(Kind::weighted_round_robin, {11, 3}).picks(14) == "aabaaaabaaabaa");
    CHECK(Group(Kind::weighted_round_robin, {3, 2, 1}).picks(6) == "abacba");
}

TEST_CASE("round robin passes over an endpoint that is out and takes it back in its turn") {
    Group g(Kind::weighted_round_robin, {1, 1, 1});
    g.down(1);
    CHECK(g.picks(4) == "acac");
    g.upstream.endpoints[1].state->set(EndpointState::up, true);
    const auto after = g.picks(300);
    CHECK(count(after, 'a') + count(after, 'b') + count(after, 'c') == 300);
    CHECK(count(after, 'b') >= 99);
    CHECK(count(after, 'b') <= 101);
}

TEST_CASE("choosing and counting are one step, for every balancer") {
    for (const Kind kind : kKinds) {
        CAPTURE(static_cast<int>(kind));
        Group g(kind, {1, 2, 3});
        for (int i = 0; i < 30; ++i) {
            g.input.key_hash = static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ULL;
            REQUIRE(g.claim().status == Choice::Status::claimed);
        }
        CHECK(g.in_flight(0) + g.in_flight(1) + g.in_flight(2) == 30);
    }
}

TEST_CASE("an endpoint at its limit is passed over, and all at their limit are busy") {
    for (const Kind kind : kKinds) {
        CAPTURE(static_cast<int>(kind));
        Group g(kind, {1, 1, 1});
        for (auto& endpoint : g.upstream.endpoints) endpoint.max_connections = 2;
        for (int i = 0; i < 6; ++i) {
            g.input.key_hash = static_cast<std::uint64_t>(i) * 77;
            REQUIRE(g.claim().status == Choice::Status::claimed);
        }
        for (std::size_t i = 0; i < 3; ++i) CHECK(g.in_flight(i) == 2);
        CHECK(g.claim().status == Choice::Status::busy);
        CHECK(g.in_flight(0) + g.in_flight(1) + g.in_flight(2) == 6);
        release(g.upstream.endpoints[1]);
        const auto choice = g.claim();
        CHECK(choice.status == Choice::Status::claimed);
        CHECK(choice.endpoint == 1);
    }
    Group one(Kind::random_two, {1});
    one.upstream.endpoints[0].max_connections = 1;
    CHECK(one.claim().status == Choice::Status::claimed);
    CHECK(one.claim().status == Choice::Status::busy);
}

TEST_CASE("nobody gets a request who is down, ejected, drained, without weight or tried before") {
    for (const Kind kind : kKinds) {
        CAPTURE(static_cast<int>(kind));
        Group g(kind, {1, 1, 1, 0, 1, 1});
        if (kind == Kind::hash) g.upstream.maglev = build_maglev(g.upstream.endpoints);
        g.down(0);
        g.eject(1);
        g.upstream.endpoints[2].wanted = switchyard::config::EndpointState::drain;
        const std::uint32_t tried[] = {4};
        g.input.tried = tried;
        for (int i = 0; i < 200; ++i) {
            g.input.key_hash = static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ULL;
            REQUIRE(g.pick() == 'f');
        }
        const std::uint32_t all[] = {4, 5};
        g.input.tried = all;
        CHECK(g.pick() == '-');
        CHECK(g.in_flight(5) == 0);
    }
}

TEST_CASE("backups serve when no primary can") {
    for (const Kind kind : kKinds) {
        CAPTURE(static_cast<int>(kind));
        Group g(kind, {1, 1, 1});
        g.upstream.endpoints[2].backup = true;
        g.upstream.has_backups = true;
        CHECK(count(g.picks(50), 'c') == 0);
        g.down(0);
        g.eject(1);
        CHECK(count(g.picks(50), 'c') == 50);
    }
    Group only(Kind::random_two, {1});
    only.upstream.endpoints[0].backup = only.upstream.has_backups = true;
    CHECK(only.pick() == 'a');
}

TEST_CASE("below the panic share ejections are ignored, but not what health checks say") {
    Group g(Kind::least_connections, {1, 1, 1, 1});
    g.upstream.ejection.panic_percent = 50;
    g.eject(0);
    g.eject(1);
    CHECK(count(g.picks(100), 'a') == 0);  // two of four: not below
    g.eject(2);
    const auto picks = g.picks(400);
    CHECK(count(picks, 'a') > 50);
    CHECK(count(picks, 'c') > 50);
    g.down(0);
    CHECK(count(g.picks(100), 'a') == 0);
}

TEST_CASE("the two random choices are distinct and the less loaded one wins") {
    Group g(Kind::random_two, {1, 1, 1, 1, 1});
    for (std::size_t i = 0; i < 5; ++i) g.set_in_flight(i, static_cast<std::uint32_t>(i) * 10);
    std::string picks;
    for (int i = 0; i < 20'000; ++i) {
        const auto choice = g.claim();
        picks += static_cast<char>('a' + choice.endpoint);
        release(g.upstream.endpoints[choice.endpoint]);
    }
    // Of the ten pairs of five, the first wins 4, then 3, 2, 1, and the most loaded never: the two are never the same.
    for (int i = 0; i < 5; ++i) {
        CAPTURE(i);
        const double share = static_cast<double>(count(picks, static_cast<char>('a' + i))) / 20'000;
        CHECK(std::abs(share - (4 - i) / 10.0) < 0.02);
    }
}

TEST_CASE("load is measured against weight") {
    for (const Kind kind : {Kind::random_two, Kind::least_connections}) {
        Group g(kind, {1, 3});
        std::array<int, 2> got{};
        for (int i = 0; i < 400; ++i) ++got[g.claim().endpoint];  // never given back
        CAPTURE(static_cast<int>(kind));
        CHECK(std::abs(got[1] - 300) < 10);
    }
}

TEST_CASE("least connections breaks ties at random, so that workers do not march in step") {
    Group g(Kind::least_connections, {1, 1, 1, 1});
    const auto picks = g.picks(4000);
    for (char who : {'a', 'b', 'c', 'd'}) CHECK(std::abs(static_cast<int>(count(picks, who)) - 1000) < 150);
}

TEST_CASE("an endpoint that fails fast does not look fast to the latency average") {
    PeakEwma good, bad;
    std::int64_t now = 1'000'000;
    for (int i = 0; i < 100; ++i, now += 1000) {
        good.observe(30e3, now);
        bad.observe(std::max(500.0, PeakEwma::kPenaltyUs), now);  // as failures are reported
    }
    CHECK(bad.cost(now, 0) > 100 * good.cost(now, 0));
    // It forgets with time, so that a healed endpoint is asked again.
    CHECK(bad.cost(now + 120'000'000, 0) < good.cost(now, 0));
}

TEST_CASE("the latency average jumps to a peak and falls slowly") {
    PeakEwma e;
    CHECK(e.cost(0, 0) == doctest::Approx(PeakEwma::kDefaultUs));
    CHECK(e.cost(0, 4) == doctest::Approx(5 * PeakEwma::kDefaultUs));
    e.observe(10e3, 1);
    e.observe(80e3, 2);
    CHECK(e.cost(2, 0) == doctest::Approx(80e3));
    e.observe(10e3, 2 + 10'000'000);  // one decay time later
    CHECK(e.cost(2 + 10'000'000, 0) == doctest::Approx(80e3 / M_E + 10e3 * (1 - 1 / M_E)).epsilon(1e-6));
}

TEST_CASE("peak ewma prefers the faster of two") {
    Group g(Kind::peak_ewma, {1, 1, 1});
    g.input.now_us = 1'000'000;
    g.locals[0]->ewma.observe(50e3, 1'000'000);
    g.locals[1]->ewma.observe(10e3, 1'000'000);
    g.locals[2]->ewma.observe(90e3, 1'000'000);
    const auto picks = g.picks(3000);
    CHECK(count(picks, 'c') == 0);
    CHECK(std::abs(static_cast<int>(count(picks, 'b')) - 2000) < 150);
}

TEST_CASE("a returned endpoint starts with a tenth of its weight and grows to the whole") {
    Group g(Kind::weighted_round_robin, {10, 10});
    g.upstream.slow_start_ms = 10'000;
    g.upstream.endpoints[1].state->up_since_ms = 1'000;
    const auto share_at = [&](std::int64_t ms) {
        g.input.now_us = ms * 1000;
        return static_cast<double>(count(g.picks(1100), 'b')) / 1100;
    };
    CHECK(share_at(1'000) == doctest::Approx(1.0 / 11).epsilon(0.03));
    CHECK(share_at(6'000) == doctest::Approx(1.0 / 3).epsilon(0.03));
    CHECK(share_at(11'000) == doctest::Approx(0.5).epsilon(0.03));
}

TEST_CASE("a preferred endpoint is kept through a drain, but not when it is down, tried or in maintenance") {
    Group g(Kind::random_two, {1, 1, 1});
    g.input.preferred = 1;
    CHECK(g.picks(20) == std::string(20, 'b'));
    g.upstream.endpoints[1].wanted = switchyard::config::EndpointState::drain;
    CHECK(g.picks(20) == std::string(20, 'b'));
    g.upstream.endpoints[1].wanted = switchyard::config::EndpointState::maint;
    CHECK(count(g.picks(50), 'b') == 0);
    g.upstream.endpoints[1].wanted = switchyard::config::EndpointState::up;
    g.down(1);
    CHECK(count(g.picks(50), 'b') == 0);
    g.upstream.endpoints[1].state->set(EndpointState::up, true);
    const std::uint32_t tried[] = {1};
    g.input.tried = tried;
    CHECK(count(g.picks(50), 'b') == 0);
}

TEST_CASE("the generator is uniform enough and its own per seed") {
    Random a(1), same(1), other(2);
    CHECK(a.next() == same.next());
    CHECK(a.next() != other.next());
    std::array<int, 7> seen{};
    for (int i = 0; i < 70'000; ++i) ++seen[a.below(7)];
    for (int n : seen) CHECK(std::abs(n - 10'000) < 500);
}

TEST_CASE("where no endpoint is up those that are down are claimed for a caller that asks for it, and only then") {
    for (const Kind kind : kKinds) {
        CAPTURE(static_cast<int>(kind));
        Group g(kind, {1, 1, 0, 1});
        g.upstream.endpoints[3].wanted = switchyard::config::EndpointState::drain;
        g.down(0);
        g.eject(1);
        CHECK(g.picks(3) == "---");
        g.input.all_down = true;
        std::set<char> seen;
        for (int i = 0; i < 64; ++i) {
            g.input.key_hash = static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ULL;
            seen.insert(g.pick());
        }
        CHECK(seen == std::set<char>{'a', 'b'});
        const std::uint32_t first[] = {0};
        g.input.tried = first;
        CHECK(g.picks(3) == "bbb");
        // One is up, if tried: nothing is all down.
        g.input.tried = {};
        g.upstream.endpoints[0].state->set(EndpointState::up, true);
        CHECK(g.picks(3) == "---");
    }
    Group one(Kind::random_two, {1});
    one.down(0);
    one.input.all_down = true;
    CHECK(one.pick() == 'a');
}

TEST_CASE("of those that are down, backups are claimed when no primary is left to try, and limits hold") {
    Group g(Kind::random_two, {1, 1});
    g.upstream.endpoints[1].backup = g.upstream.has_backups = true;
    g.down(0), g.down(1);
    g.input.all_down = true;
    CHECK(g.picks(4) == "aaaa");
    const std::uint32_t first[] = {0};
    g.input.tried = first;
    CHECK(g.picks(2) == "bb");
    g.input.tried = {};
    g.upstream.endpoints[0].max_connections = 1;
    g.set_in_flight(0, 1);
    CHECK(g.pick() == '!');
}

TEST_CASE(
    "an endpoint that asks to be drained gets nothing new, also when ejections are ignored, and keeps its sessions") {
    for (const Kind kind : kKinds) {
        CAPTURE(static_cast<int>(kind));
        Group g(kind, {1, 1});
        g.upstream.endpoints[0].state->set(EndpointState::draining, true);
        CHECK(g.picks(4) == "bbbb");
        g.upstream.ejection.panic_percent = 100;
        g.eject(1);
        CHECK(g.picks(4) == "bbbb");
        g.input.preferred = 0;
        CHECK(g.pick() == 'a');
    }
}
