// Commands of a release: how they end, and that they can be ended.
#include "control/cli/deploy/shell_command.h"

#include <doctest/doctest.h>

using switchyard::control::cli::deploy::run_command;

TEST_CASE("a command that ends with 0 is good, any other end is told") {
    const auto go_on = [] { return true; };
    CHECK(run_command("true", go_on).empty());
    CHECK(run_command("exit 3", go_on) == "ended with 3");
    CHECK(run_command("kill -9 $$", go_on) == "was ended by signal 9");
    CHECK(run_command("/no/such/program 2> /dev/null", go_on) == "ended with 127");
}

TEST_CASE("a command that goes on for ever is ended with all that it has started") {
    int looks = 0;
    CHECK(run_command("sleep 1000 & sleep 1000", [&] { return ++looks < 3; }) == "was interrupted");
}
