#include "control/cli/fold.h"

#include <doctest/doctest.h>

using namespace switchyard::control::cli;
using Lines = std::vector<std::string>;

TEST_CASE("a line that fits stays as it is, gaps and all") {
    CHECK(folded("route app      9.1/s", 40) == Lines{"route app      9.1/s"});
    CHECK(folded("", 40) == Lines{""});
    CHECK(folded("→ é", 3) == Lines{"→ é"});
}

TEST_CASE("a longer one is folded at spaces, and the rest stands further in") {
    CHECK(folded("route app           9.1/s    0.0 err/s   p99  1.2 ms", 24) ==
          Lines{"route app 9.1/s 0.0", "    err/s p99 1.2 ms"});
    CHECK(folded("    upstream blue: one two", 20) == Lines{"    upstream blue:", "        one two"});
}

TEST_CASE("a word that is wider than the window is cut, whole characters at a time") {
    CHECK(folded("äöüäöüäöü x", 4) == Lines{"äöüä", "x"});
}

TEST_CASE("no part is wider than the window, whatever its width") {
    const std::string line = "      endpoint 127.0.0.1:9001  up   weight 1  in flight 17  (connection refused)";
    for (std::size_t columns = 1; columns < 100; ++columns) {
        CAPTURE(columns);
        for (const auto& part : folded(line, columns)) CHECK(part.size() <= columns);
    }
}
