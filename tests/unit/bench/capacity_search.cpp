#include "bench/yardbench/report/capacity_search.h"

#include <doctest/doctest.h>

#include <random>

using yardbench::CapacitySearch;

TEST_CASE("the search ends within its precision of the truth, from wherever it begins") {
    std::mt19937_64 random(7);
    for (int i = 0; i < 500; ++i) {
        const double truth = std::uniform_real_distribution<>(10, 300'000)(random);
        const double first = std::uniform_real_distribution<>(1, 100'000)(random);
        CAPTURE(truth);
        CAPTURE(first);
        CapacitySearch search(first, 1e6, 0.05);
        int tries = 0;
        while (const auto rate = search.next()) {
            REQUIRE(++tries < 80);
            search.report(*rate <= truth);
        }
        CHECK(search.held() <= truth);
        CHECK(search.broke() > truth);
        CHECK(search.broke() - search.held() <= 0.05 * search.held());
    }
}

TEST_CASE("it stops at the most it may try") {
    CapacitySearch search(100, 1000, 0.05);
    while (search.next()) search.report(true);
    CHECK(search.held() == 1000);
    CHECK(search.broke() == 0);
}

TEST_CASE("nothing holds: it goes down to one request per second and gives up") {
    CapacitySearch search(500, 1000, 0.05);
    while (search.next()) search.report(false);
    CHECK(search.held() == 0);
}

TEST_CASE("one bad try does not decide") {
    CapacitySearch search(100, 100, 0.05);
    CHECK(*search.next() == 100);
    search.report(false);
    CHECK(*search.next() == 100);
    search.report(true);
    CHECK(search.held() == 100);
}
