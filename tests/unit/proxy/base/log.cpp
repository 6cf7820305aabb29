#include "proxy/base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

using namespace switchyard;

TEST_CASE("a pipe that nobody reads holds nobody up, and what was lost is said once there is room") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const int before = ::dup(STDERR_FILENO);
    REQUIRE(::dup2(ends[1], STDERR_FILENO) >= 0);
    constexpr int kLines = 5000;  // far more than a pipe holds
    for (int i = 0; i < kLines; ++i) log_error("a line that is somewhat longer than others, number {}", i);
    // Two pages of them are read: there is room again.
    std::string seen(1 << 20, '\0');
    seen.resize(static_cast<std::size_t>(::read(ends[0], seen.data(), seen.size())));
    log_error("the last one");
    std::string rest(1 << 20, '\0');
    rest.resize(static_cast<std::size_t>(::read(ends[0], rest.data(), rest.size())));
    ::dup2(before, STDERR_FILENO);
    for (const int fd : {before, ends[0], ends[1]}) ::close(fd);
    seen += rest;
    CHECK(seen.find("number 0\"") != seen.npos);
    CHECK(seen.find("number 4999\"") == seen.npos);
    CHECK(seen.find(" lines were dropped here") != seen.npos);
    CHECK(seen.find("the last one") != seen.npos);
}
