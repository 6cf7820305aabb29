#include "control/cli/admin_client.h"

#include <doctest/doctest.h>

using namespace switchyard::control::cli;

TEST_CASE("a process that is named by a state directory is not looked for anywhere else") {
    ClientSettings settings;
    settings.state_dir = "/nowhere/state";
    const auto answer = AdminClient(settings).call("GET", "/readyz", "", {});
    CHECK(answer.status == 0);
    CHECK(answer.text.find("/nowhere/state/admin.address: No such file") != std::string::npos);
    CHECK(answer.text.find("--admin") != std::string::npos);
}
