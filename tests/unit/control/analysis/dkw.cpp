#include "control/analysis/dkw.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/unit/control/analysis/close_to.h"

using namespace switchyard::control::analysis;

TEST_CASE("the band's constant has the reference values") {
    CHECK(close_to(dkw_constant(.05), 8.122719, 1e-6));
    CHECK(close_to(dkw_constant(.01), 9.283543, 1e-6));
    CHECK(close_to(dkw_constant(.005), 9.783365, 1e-6));
    CHECK(close_to(dkw_constant(.001), 10.943071, 1e-6));
}

TEST_CASE("the band's radius has the reference values") {
    CHECK(close_to(dkw_radius(dkw_constant(.05), 1000, 100), 0.08204769, 1e-7));
    const double c = dkw_constant(.005);
    CHECK(close_to(dkw_radius(c, 1e3, 100), .08906, 1e-5));
    CHECK(close_to(dkw_radius(c, 1e4, 100), .02883, 1e-5));
    CHECK(close_to(dkw_radius(c, 1e5, 100), .009253, 1e-6));
    CHECK(close_to(dkw_radius(c, 1e6, 100), .002958, 1e-6));
    CHECK(std::isinf(dkw_radius(c, 99, 100)));
}
