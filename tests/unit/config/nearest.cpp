#include "config/text/nearest.h"

#include <doctest/doctest.h>

#include <vector>

using namespace switchyard::config;

TEST_CASE("a swap of neighbours, a missing, an extra and a wrong letter each count one") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("green", "green") == 0);
    CHECK(edit_distance("grene", "green") == 1);
    CHECK(edit_distance("gren", "green") == 1);
    CHECK(edit_distance("greeen", "green") == 1);
    CHECK(edit_distance("grean", "green") == 1);
    CHECK(edit_distance("GREEN", "green") == 0);
    CHECK(edit_distance("", "blue") == 4);
    CHECK(edit_distance("blue", "green") == 4);
}

TEST_CASE("the nearest word is a likely slip, or none") {
    const std::vector<std::string> known{"blue", "green", "graen", "a", "b"};
    CHECK(nearest("grene", known) == "green");
    CHECK(nearest("bleu", known) == "blue");
    CHECK(nearest("Blue", known) == "blue");
    CHECK_FALSE(nearest("yellow", known));
    CHECK_FALSE(nearest("c", known));
    CHECK_FALSE(nearest("", known));
    CHECK_FALSE(nearest(std::string(1000, 'x'), known));
    CHECK(unknown_word("x", {}) == "\"x\"; there is none");
    CHECK(unknown_word("x", std::vector<std::string>(100, "long-name")) == "\"x\"");
}
