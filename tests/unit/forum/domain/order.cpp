#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "forum/domain/comment_path.h"
#include "forum/domain/instant.h"
#include "forum/domain/public_id.h"
#include "forum/domain/ranking.h"

using namespace forum;

TEST_CASE("ten times the votes weigh as much as twelve and a half hours") {
    const Instant at = 1'790'000'000'000;
    CHECK(hot_rank(10, at) == doctest::Approx(hot_rank(1, at + 45'000 * kSecond)));
    CHECK(hot_rank(0, at) == hot_rank(1, at));
    CHECK(hot_rank(-10, at) < hot_rank(0, at));
    CHECK(hot_rank(-10, at) == doctest::Approx(hot_rank(0, at - 45'000 * kSecond)));
}

TEST_CASE("paths put parents before answers and siblings by age, for any tree") {
    std::mt19937 random(7);
    struct Node {
        std::string path;
        std::size_t parent;
    };
    std::vector<Node> nodes;
    for (std::int64_t row = 1; row <= 500; ++row) {
        const bool top = nodes.empty() || random() % 3 == 0;
        const std::size_t parent = top ? nodes.size() : random() % nodes.size();
        nodes.push_back({comment_path(top ? "" : nodes[parent].path, row * 37), parent});
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const bool top = nodes[i].parent == i;
        CHECK(depth_of(nodes[i].path) == (top ? 0 : depth_of(nodes[nodes[i].parent].path) + 1));
        if (!top) CHECK(nodes[nodes[i].parent].path < nodes[i].path);
        for (std::size_t j = 0; j < i; ++j) {
            const bool siblings =
                top ? nodes[j].parent == j : nodes[j].parent == nodes[i].parent && nodes[j].parent != j;
            if (siblings) CHECK(nodes[j].path < nodes[i].path);
        }
    }
}

TEST_CASE("public ids have twelve letters that nobody mistakes for another") {
    CHECK(public_id_from(0) == "000000000000");
    CHECK(is_public_id(public_id_from(~0ULL)));
    CHECK(public_id_from(1) != public_id_from(2));
    CHECK_FALSE(is_public_id("00000000000i"));
    CHECK_FALSE(is_public_id("00000000000"));
}

TEST_CASE("instants are RFC 3339 text and back") {
    CHECK(text_of(0) == "1970-01-01T00:00:00.000Z");
    CHECK(instant_from("2026-11-20T12:00:00.123Z") == 1'795'176'000'123);
    CHECK(instant_from("2024-02-29T23:59:59Z").has_value());
    struct Same {
        const char* text;
        const char* utc;
    };
    for (const Same same : {Same{"2026-11-20t12:00:00z", "2026-11-20T12:00:00.000Z"},
                            Same{"2026-11-20T12:00:00.5Z", "2026-11-20T12:00:00.500Z"},
                            Same{"2026-11-20T12:00:00.123456789Z", "2026-11-20T12:00:00.123Z"},
                            Same{"2026-11-20T12:00:00+00:00", "2026-11-20T12:00:00.000Z"},
                            Same{"2026-11-20T00:30:00.05+05:45", "2026-11-19T18:45:00.050Z"},
                            Same{"2026-11-20T23:30:00-08:00", "2026-11-21T07:30:00.000Z"},
                            Same{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"}}) {
        CAPTURE(same.text);
        REQUIRE(instant_from(same.text).has_value());
        CHECK(text_of(*instant_from(same.text)) == same.utc);
    }
    for (const char* bad :
         {"2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-20 12:00:00Z", "2026-11-20T24:00:00Z", "",
          "2026-11-20T12:00:00", "2026-11-20T12:00:00.Z", "2026-11-20T12:00:00+1:00", "2026-11-20T12:00:00+24:00",
          "2026-11-20T12:00:00+0100", "2026-11-20T12:00:61Z", "2026-11-20T12:00:00ZZ", "2026-11-20T12:00Z",
          "+026-11-20T12:00:00Z"}) {
        CAPTURE(bad);
        CHECK_FALSE(instant_from(bad));
    }
    std::mt19937_64 random(3);
    for (int i = 0; i < 1'000; ++i) {
        const auto instant = static_cast<Instant>(random() % 4'000'000'000'000ULL);
        CHECK(instant_from(text_of(instant)) == instant);
    }
}
