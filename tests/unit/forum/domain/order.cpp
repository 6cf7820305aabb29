#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "forum/domain/comment_path.h"
#include "forum/domain/cursor.h"
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

TEST_CASE("a cursor comes back as it went out, and only to its own list") {
    const Cursor cursor{"39784.25|odd", 123'456'789};
    const std::string text = cursor_text("hot::", cursor);
    CHECK(cursor_from("hot::", text) == cursor);
    CHECK_FALSE(cursor_from("new::", text));
    CHECK_FALSE(cursor_from("hot::", text + "0"));
    CHECK_FALSE(cursor_from("hot::", "zz"));
    CHECK_FALSE(cursor_from("hot::", ""));
    CHECK(text.find("123456789") == std::string::npos);
}

TEST_CASE("a list may be named after anything that can be a tag or a search") {
    std::string longest = "search:";
    for (int i = 0; i < 200; ++i) longest += "\xF0\x9F\x99\x82";
    for (const std::string& list : {std::string("new::a|b"), std::string("search:pipe | 7|x|"), longest}) {
        CAPTURE(list);
        const Cursor cursor{"0a1b2c", 9'000'000'000'000'000'000};
        CHECK(cursor_from(list, cursor_text(list, cursor)) == cursor);
        CHECK_FALSE(cursor_from(list + "|1", cursor_text(list, cursor)));
    }
}

TEST_CASE("random damage to a cursor is refused or harmless, never a crash") {
    std::mt19937 random(11);
    const std::string good = cursor_text("top:general:", {"17", 99});
    for (int i = 0; i < 20'000; ++i) {
        std::string bad = good;
        bad[random() % bad.size()] = static_cast<char>(random() % 256);
        (void)cursor_from("top:general:", bad);
    }
    CHECK(cursor_from("top:general:", good));
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
