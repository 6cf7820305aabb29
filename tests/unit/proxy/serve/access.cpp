// Who is refused by address, at the listener or on the route, and by rules that deny: the answer, the connection, the
// counts.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

std::string asked(Stage& stage, const std::string& client, const std::string& request = kGet) {
    Wire wire = stage.client(client);
    stage.crank->send(wire, request);
    return stage.crank->see(wire, "denied here");
}

std::uint64_t denied(Stage& stage) {
    std::uint64_t sum = 0;
    for (const auto& cell : stage.crank->report().cells) sum += cell.cell->denied;
    return sum;
}

}  // namespace

TEST_CASE("a listener refuses before any route is asked, and the connection stays") {
    Stage stage(1, "", "", R"("access": {"allow": ["127.0.0.0/8"], "deny": ["127.0.0.2"]})");
    Wire client = stage.client("127.0.0.2");
    for (int i = 0; i < 2; ++i) {
        stage.crank->send(client, kGet);
        const std::string answer = stage.crank->see(client, "denied here");
        CHECK(status_of(answer) == "403");
        CHECK(values(answer, "Connection") == "-");
        client.take();
    }
    CHECK(status_of(asked(stage, "127.0.0.2", "GET /nowhere HTTP/1.1\r\nHost: b\r\n\r\n")) == "403");
    // A body that no endpoint reads: the boundary of the next request is unknown.
    CHECK(values(asked(stage, "127.0.0.2", post()), "Connection") == "close");
    Wire other = stage.client("127.0.0.3");
    stage.kept_connection(other);
    CHECK(denied(stage) == 4);
}

TEST_CASE("a route refuses before it spends anything") {
    Stage stage(1,
                R"("access": {"deny": ["127.0.0.2"]}, "limits": {"rate": {"by": "host", "requests": 1, "per": "1h"}})");
    for (int i = 0; i < 3; ++i) CHECK(status_of(asked(stage, "127.0.0.2")) == "403");
    Wire other = stage.client("127.0.0.3");
    stage.kept_connection(other);  // the one token is there yet
    CHECK(denied(stage) == 3);
}

TEST_CASE("a rule denies with its status, and the route's edits are the last word") {
    Stage stage(1,
                R"("response_headers": {"set": {"X-Why": "closed"}},
                   "rules": [{"name": "no", "when": {"header": "X-No", "present": true}, "deny": 451}])");
    const std::string answer = asked(stage, "127.0.0.1", "GET / HTTP/1.1\r\nHost: a\r\nX-No: 1\r\n\r\n");
    CHECK(status_of(answer) == "451");
    CHECK(values(answer, "X-Why") == "closed");
    Wire other = stage.client();
    stage.kept_connection(other);
    CHECK(denied(stage) == 1);
}
