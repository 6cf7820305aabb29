#include "control/names/hosts_file.h"

#include <doctest/doctest.h>

using namespace switchyard::control;

TEST_CASE("names have every address that a line gives them, of both families, in canonical form") {
    const auto file = parse_hosts(
        "127.0.0.1 localhost\n"
        "10.0.0.7\tapp.internal  App\t# the first one\r\n"
        "10.0.0.8 app\n10.0.0.7 app\n"
        "2001:DB8:0::1 app\n"
        "#10.0.0.9 app\n"
        "\n10.0.0.300 wrong\nnonsense\n10.0.0.4\n"
        "10.0.0.5 last");
    CHECK(file.at("app") == HostsEntry{{"10.0.0.7", "10.0.0.8"}, {"2001:db8::1"}});
    CHECK(file.at("app.internal") == HostsEntry{{"10.0.0.7"}, {}});
    CHECK(file.at("last") == HostsEntry{{"10.0.0.5"}, {}});
    CHECK(file.at("localhost") == HostsEntry{{"127.0.0.1"}, {}});
    CHECK(file.size() == 4);
    CHECK(parse_hosts("").empty());
}
