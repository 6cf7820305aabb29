#include "control/discovery/consul_health.h"

#include <doctest/doctest.h>

using namespace switchyard::control::discovery;

namespace {

// As of the 1.16 documentation of /v1/health/service, shortened to what counts and some of what does not.
const std::string kTwo = R"([
 {"Node": {"ID": "40e4a748", "Node": "foobar", "Address": "10.1.10.12", "Datacenter": "dc1"},
  "Service": {"ID": "redis", "Service": "redis", "Tags": ["primary"], "Address": "", "Port": 8000,
              "Weights": {"Passing": 10, "Warning": 1}, "Meta": null, "Namespace": "default"},
  "Checks": [{"Node": "foobar", "CheckID": "service:redis", "Status": "passing"},
             {"Node": "foobar", "CheckID": "serfHealth", "Status": "warning"}]},
 {"Node": {"Address": "10.1.10.13"},
  "Service": {"ID": "redis2", "Address": "fd00::13", "Port": 8001, "Weights": {"Passing": 5, "Warning": 1}},
  "Checks": [{"CheckID": "service:redis2", "Status": "critical"}]}])";

ConsulReply reply(std::string body, std::map<std::string, std::string> more = {}) {
    std::map<std::string, std::string> headers{
        {"x-consul-index", "42"}, {"x-consul-knownleader", "true"}, {"x-consul-lastcontact", "0"}};
    for (const auto& [name, value] : more) headers[name] = value;
    return {200, headers, std::move(body)};
}

}  // namespace

TEST_CASE("Consul's instances: the service's address or the node's, weight by its checks, critical is down") {
    const auto seen = read_consul(reply(kTwo), 41);
    REQUIRE(seen.sighting.complete);
    CHECK(seen.sighting.may_remove);
    CHECK(seen.index == 42);
    REQUIRE(seen.sighting.found.size() == 2);
    CHECK(seen.sighting.found[0].address.text() == "10.1.10.12:8000");
    CHECK(seen.sighting.found[0].weight == 1);
    CHECK_FALSE(seen.sighting.found[0].down);
    CHECK(seen.sighting.found[1].address.text() == "[fd00::13]:8001");
    CHECK(seen.sighting.found[1].weight == 5);
    CHECK(seen.sighting.found[1].down);
}

TEST_CASE("Consul's index: one that goes backwards, is nothing or is missing begins anew") {
    CHECK(read_consul(reply("[]"), 42).index == 42);
    CHECK(read_consul(reply("[]"), 43).index == 0);
    CHECK(read_consul(reply("[]", {{"x-consul-index", "0"}}), 1).index == 0);
    CHECK(read_consul(reply("[]", {{"x-consul-index", ""}}), 1).index == 0);
    CHECK(read_consul(reply("[]", {{"x-consul-index", "junk"}}), 0).index == 0);
}

TEST_CASE("an agent without a leader, or long without one, takes nothing away") {
    CHECK_FALSE(read_consul(reply(kTwo, {{"x-consul-knownleader", "false"}}), 0).sighting.may_remove);
    CHECK_FALSE(read_consul(reply(kTwo, {{"x-consul-lastcontact", "10001"}}), 0).sighting.may_remove);
    CHECK(read_consul(reply(kTwo, {{"x-consul-lastcontact", "10000"}}), 0).sighting.may_remove);
}

TEST_CASE("what is no answer of Consul's") {
    const auto why = [](const ConsulReply& r) {
        const auto seen = read_consul(r, 7);
        CHECK_FALSE(seen.sighting.complete);
        CHECK(seen.index == 0);
        return seen.sighting.why;
    };
    CHECK(why({500, {}, "No cluster leader\n"}) == "500 No cluster leader ");
    CHECK(why({403, {}, "ACL not found"}) == "403 ACL not found");
    CHECK(why(reply("[]", {{"x-consul-results-filtered-by-acls", "true"}})) ==
          "the token may not see all of it: results were filtered by ACLs");
    CHECK(why(reply(kTwo.substr(0, 100))) == "the answer is no list: half of it, or not Consul's");
    CHECK(why(reply("{}")) == "the answer is no list: half of it, or not Consul's");
    CHECK(why(reply(R"([{"Service": {"Port": 1}}])")) == "an instance without an address or a port");
    CHECK(why(reply("[7]")) == "an instance without an address or a port");
    CHECK(why(reply(R"([{"Service": {"Address": "10.0.0.1", "Port": 99999}}])")) != "");
}
