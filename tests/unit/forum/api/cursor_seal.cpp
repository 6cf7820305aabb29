#include "forum/api/cursor_seal.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace forum;

TEST_CASE("a cursor comes back as it went out, and only to its own list and its own forum") {
    const CursorSeal seal("1");
    for (const Cursor& cursor : {Cursor{"39784.25|odd", 123'456'789}, Cursor{"", 1}, Cursor{"", -1},
                                 Cursor{std::string(400, '7'), 9'000'000'000'000'000'000}}) {
        const std::string text = seal.close("hot::", cursor);
        CHECK(seal.open("hot::", text) == cursor);
        CHECK(CursorSeal("1").open("hot::", text) == cursor);
        CHECK(CursorSeal("1").close("hot::", cursor) == text);
        CHECK_FALSE(seal.open("new::", text));
        CHECK_FALSE(seal.open("hot::|1", text));
        CHECK_FALSE(CursorSeal("2").open("hot::", text));
    }
    for (const char* text : {"", "0", "zz", "AAAAAAAAAAA", "AAAAAAAAAAAAAAAA"}) CHECK_FALSE(seal.open("hot::", text));
    CHECK_FALSE(seal.open("hot::", std::string(100'000, 'A')));
}

TEST_CASE("a list may be named after anything that can be a tag or a search") {
    const CursorSeal seal("1");
    std::string longest = "search:";
    for (int i = 0; i < 200; ++i) longest += "\xF0\x9F\x99\x82";
    for (const std::string& list : {std::string("new::a|b"), std::string("search:pipe | 7|x|"), longest}) {
        CAPTURE(list);
        const Cursor cursor{"0a1b2c", 9'000'000'000'000'000'000};
        CHECK(seal.open(list, seal.close(list, cursor)) == cursor);
        CHECK_FALSE(seal.open(list + "|1", seal.close(list, cursor)));
    }
}

TEST_CASE("places beside each other share nothing that one could read from another") {
    const CursorSeal seal("1");
    const std::string one = seal.close("new::", {"", 1'000'001});
    const std::string next = seal.close("new::", {"", 1'000'002});
    std::size_t same = 0;
    for (std::size_t i = 0; i < one.size(); ++i) same += one[i] == next[i] ? 1U : 0U;
    CHECK(same < one.size() / 2);
}

TEST_CASE("whatever is changed in a cursor, it is refused") {
    std::mt19937 random(11);
    const CursorSeal seal("1");
    const std::string good = seal.close("top:general:", {"17", 99});
    for (int i = 0; i < 20'000; ++i) {
        std::string bad = good;
        bad[random() % bad.size()] = static_cast<char>(random() % 256);
        if (bad != good) REQUIRE_FALSE(seal.open("top:general:", bad));
    }
    CHECK(seal.open("top:general:", good));
}
