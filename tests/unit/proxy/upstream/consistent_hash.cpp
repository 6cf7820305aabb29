#include <xxhash.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "config/model/upstream.h"
#include "group.h"

using namespace switchyard::upstream;
using Kind = switchyard::config::Balance::Kind;

namespace {

std::vector<double> shares(const std::vector<std::uint16_t>& table, std::size_t endpoints) {
    std::vector<double> out(endpoints, 0);
    for (auto owner : table) out[owner] += 1;
    for (auto& s : out) s /= static_cast<double>(table.size());
    return out;
}

std::uint64_t key(int i) {
    return XXH3_64bits(&i, sizeof i);
}

}  // namespace

TEST_CASE("a Maglev table gives ten equal endpoints equal parts") {
    const Group g(Kind::hash, std::vector<std::uint32_t>(10, 1));
    const auto table = build_maglev(g.upstream.endpoints);
    REQUIRE(table.size() == 65537);
    // The reference figure for this size and ten endpoints: largest over average 1.0000.
    for (double share : shares(table, 10)) CHECK(std::abs(share * 10 - 1) < 0.0005);
}

TEST_CASE("a Maglev table follows the weights") {
    const Group g(Kind::hash, {1, 2, 5, 0});
    const auto parts = shares(build_maglev(g.upstream.endpoints), 4);
    CHECK(parts[0] == doctest::Approx(1.0 / 8).epsilon(0.01));
    CHECK(parts[1] == doctest::Approx(2.0 / 8).epsilon(0.01));
    CHECK(parts[2] == doctest::Approx(5.0 / 8).epsilon(0.01));
    CHECK(parts[3] == 0);
}

TEST_CASE("removing one of ten endpoints moves its own tenth and hardly anything else") {
    Group g(Kind::hash, std::vector<std::uint32_t>(10, 1));
    const auto before = build_maglev(g.upstream.endpoints);
    g.upstream.endpoints[4].weight = 0;
    const auto after = build_maglev(g.upstream.endpoints);
    double moved_without_need = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        REQUIRE(after[i] != 4);
        moved_without_need += before[i] != 4 && after[i] != before[i];
    }
    // The reference figure for this size is 0.20 %; names differ, so leave it twice that.
    CHECK(moved_without_need / static_cast<double>(before.size()) < 0.005);
}

TEST_CASE("a Maglev table does not depend on the order of the endpoints") {
    const Group g(Kind::hash, {1, 2, 3});
    auto turned = g.upstream.endpoints;
    std::reverse(turned.begin(), turned.end());
    const auto a = build_maglev(g.upstream.endpoints), b = build_maglev(turned);
    for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(a[i] == 2 - b[i]);
    CHECK(build_maglev({}).empty());
}

TEST_CASE("the same key goes to the same endpoint while there is room") {
    for (const Kind kind : {Kind::hash, Kind::ip_hash}) {
        Group g(kind, std::vector<std::uint32_t>(5, 1));
        if (kind == Kind::hash) g.upstream.maglev = build_maglev(g.upstream.endpoints);
        for (int i = 0; i < 500; ++i) {
            g.input.key_hash = key(i);
            const char first = g.pick();
            CHECK(g.pick() == first);
        }
    }
}

TEST_CASE("rendezvous follows the weights and moves only what it must") {
    Group g(Kind::ip_hash, {1, 2, 5});
    std::vector<char> before;
    std::vector<int> got(3, 0);
    for (int i = 0; i < 40'000; ++i) {
        g.input.key_hash = key(i);
        before.push_back(g.pick());
        ++got[static_cast<std::size_t>(before.back() - 'a')];
    }
    CHECK(std::abs(got[0] - 5000) < 350);
    CHECK(std::abs(got[1] - 10000) < 450);
    CHECK(std::abs(got[2] - 25000) < 500);
    g.down(1);
    for (int i = 0; i < 40'000; ++i) {
        g.input.key_hash = key(i);
        const char now = g.pick();
        if (before[static_cast<std::size_t>(i)] != 'b') REQUIRE(now == before[static_cast<std::size_t>(i)]);
    }
}

TEST_CASE("no endpoint gets more than its bounded share, even of one hot key") {
    Group g(Kind::hash, std::vector<std::uint32_t>(4, 1));
    g.upstream.maglev = build_maglev(g.upstream.endpoints);
    g.input.key_hash = key(1);
    for (int n = 1; n <= 400; ++n) {
        const auto choice = g.claim();
        REQUIRE(choice.status == Choice::Status::claimed);
        REQUIRE(g.in_flight(choice.endpoint) <= std::ceil(1.25 * n / 4));
    }
}

TEST_CASE("when an endpoint is out its keys spread over all the others") {
    Group g(Kind::hash, std::vector<std::uint32_t>(5, 1));
    g.upstream.maglev = build_maglev(g.upstream.endpoints);
    std::vector<int> went(5, 0);
    std::vector<int> keys;
    for (int i = 0; i < 20'000; ++i) {
        g.input.key_hash = key(i);
        if (g.pick() == 'c') keys.push_back(i);
    }
    g.down(2);
    for (int i : keys) {
        g.input.key_hash = key(i);
        ++went[static_cast<std::size_t>(g.pick() - 'a')];
    }
    CHECK(went[2] == 0);
    for (std::size_t i : {0u, 1u, 3u, 4u}) CHECK(went[i] > static_cast<int>(keys.size()) / 8);
}
