// A stored rule that this version cannot judge: a request that comes to it goes no further.
#include <doctest/doctest.h>

#include "config/model/expression.h"
#include "config/parse.h"
#include "exchanges.h"
#include "proxy/snapshot/compile.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

std::string with_rules(const std::string& rules) {
    return one_route({9}, R"("rules": [)" + rules + "]");
}

const std::string kFirst = R"({"name": "first", "when": {"path": "/first"}, "upstream": "app"})";
const std::string kAhead =
    R"rule({"name": "guarded", "when": {"path": true, "matches": "^/(?!public)"}, "upstream": "app"})rule";

}  // namespace

TEST_CASE("a route whose rewrite has a refused expression sends nothing on") {
    auto stored = config::parse_stored(one_route({9}, R"c("rewrite": [{"matches": "^/(?!public)", "to": "/x"}])c"));
    REQUIRE(stored.model.has_value());
    Crank crank(one_route({9}));
    crank.publish(std::make_shared<const config::Model>(std::move(*stored.model)));
    Wire client = crank.client();
    crank.send(client, "GET /public HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(status_of(crank.see(client, "beyond this version")) == "503");
}

TEST_CASE("a request that comes to a rule with a refused expression is 503, and never goes by the next") {
    Crank crank(with_rules(kFirst));
    auto stored = config::parse_stored(with_rules(kFirst + ", " + kAhead));
    REQUIRE(stored.model.has_value());
    crank.publish(std::make_shared<const config::Model>(std::move(*stored.model)));
    Wire client = crank.client();
    crank.send(client, "GET /public HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(status_of(crank.see(client, "beyond this version")) == "503");
    client.take();
    crank.send(client, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_MESSAGE(status_of(crank.see(client, "}")) == "502", "an earlier rule has taken it to the dead endpoint");
}
