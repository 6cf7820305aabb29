// Endpoints whose hosts are names: what they become, and what is shared when their addresses change.
#include <doctest/doctest.h>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/members.h"
#include "proxy/snapshot/registry.h"
#include "proxy/snapshot/snapshot.h"

using namespace switchyard;

namespace {

std::shared_ptr<const config::Model> named_model() {
    auto parsed = config::parse(std::string_view(
        R"({"upstreams": {"fixed": {"endpoints": [{"address": "10.0.0.9:80"}]},
            "named": {"balance": {"hash": "client"}, "sticky_session": {"cookie": "s"}, "endpoints": [
                {"address": "app.test:80", "weight": 3, "max_connections": 5},
                {"address": "spare.test:81", "backup": true}]}},
            "routes": [{"name": "r", "split": {"named": 1}}]})"));
    REQUIRE_MESSAGE(parsed.model.has_value(), parsed.errors.at(0).detail);
    return std::make_shared<const config::Model>(std::move(*parsed.model));
}

std::vector<std::string> texts_of(const Snapshot& snapshot, std::size_t upstream) {
    std::vector<std::string> out;
    for (const auto& endpoint : snapshot.upstreams.at(upstream)->endpoints) out.push_back(endpoint.text);
    return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a name is one member for each address, an address is itself") {
    const KnownAddresses known{1, {{"app.test", {"10.0.0.7", "fd00::7"}}}};
    const auto of = [&](const char* address) { return members_of(*config::Address::parse(address), known); };
    REQUIRE(of("app.test:80").size() == 2);
    CHECK(of("app.test:80")[0].identity == "app.test:80@10.0.0.7");
    CHECK(of("app.test:80")[0].to == *config::Address::parse("10.0.0.7:80"));
    CHECK(of("app.test:80")[1].identity == "app.test:80@fd00::7");
    CHECK(of("app.test:80")[1].to == *config::Address::parse("[fd00::7]:80"));
    CHECK(of("other.test:80").empty());
    for (const auto* address : {"10.0.0.1:80", "[::1]:80", "unix:/run/a"}) {
        REQUIRE(of(address).size() == 1);
        CHECK(of(address)[0].identity == address);
    }
}

TEST_CASE("a name without an address is an endpoint that cannot be used, not an error") {
    Registry registry(1);
    const auto compiled = compile(named_model(), 1, registry);
    CHECK(compiled.errors.empty());
    CHECK(texts_of(*compiled.snapshot, 0) == Texts{"10.0.0.9:80"});
    CHECK(texts_of(*compiled.snapshot, 1).empty());
    CHECK(compiled.snapshot->facts == 0);
}

TEST_CASE("other addresses make the upstreams anew that have them, and nothing else") {
    Registry registry(1);
    const auto before = compile(named_model(), 4, registry).snapshot;
    KnownAddresses known{2, {{"app.test", {"10.0.0.1", "10.0.0.2"}}, {"spare.test", {"10.0.0.3"}}}};
    const auto found = with_addresses(*before, registry, known);
    CHECK(found->generation == 4);
    CHECK(found->facts == 2);
    CHECK(found->model == before->model);
    CHECK(found->upstreams[0] == before->upstreams[0]);
    CHECK(texts_of(*found, 1) == Texts{"app.test:80@10.0.0.1", "app.test:80@10.0.0.2", "spare.test:81@10.0.0.3"});
    const auto& named = *found->upstreams[1];
    CHECK(named.has_backups);
    CHECK_FALSE(named.maglev.empty());
    CHECK(named.endpoints[1].weight == 3);
    CHECK(named.endpoints[1].max_connections == 5);
    CHECK(named.endpoints[1].configured == "app.test:80");
    CHECK(named.endpoints[1].address.host_text() == "10.0.0.2");
    CHECK(named.endpoints[0].session_key != named.endpoints[1].session_key);
    // The routes lead where they led.
    const auto* route = found->routes.all().at(0).get();
    CHECK(route == before->routes.all().at(0).get());
    CHECK(&found->routes == &before->routes);
    CHECK(found->upstreams[route->arms.at(0)]->name == "named");

    known = {3, {{"app.test", {"10.0.0.2"}}}};
    const auto moved = with_addresses(*found, registry, known);
    CHECK(texts_of(*moved, 1) == Texts{"app.test:80@10.0.0.2"});
    CHECK(moved->upstreams[1]->endpoints[0].state == named.endpoints[1].state);
    CHECK_FALSE(moved->upstreams[1]->has_backups);
    CHECK(with_addresses(*moved, registry, known)->upstreams == moved->upstreams);
    // What a compile makes of the same facts.
    CHECK(texts_of(*compile(named_model(), 5, registry, known).snapshot, 1) == texts_of(*moved, 1));
}

TEST_CASE("discovered endpoints stand behind the written ones, as the operator wants them, with the facts' version") {
    auto parsed = config::parse(std::string_view(R"({"upstreams": {
        "blue": {"endpoints": [{"address": "10.0.0.9:80"}]},
        "green": {"endpoints": [{"address": "10.0.0.1:80", "weight": 5}], "discover": {"file": {"path": "/a"}},
                  "endpoint_overrides": {"10.0.0.2:80": {"state": "drain"}, "10.0.0.3:80": {"weight": 7}}}}})"));
    REQUIRE(parsed.model);
    const auto model = std::make_shared<const config::Model>(std::move(*parsed.model));
    const auto found = [](const char* address) {
        config::Endpoint out;
        out.address = *config::Address::parse(address);
        return out;
    };
    Registry registry(1);
    const auto before = compile(model, 4, registry).snapshot;
    KnownAddresses known;
    known.version = 1;
    known.discovered["green"] = {found("10.0.0.1:80"), found("10.0.0.2:80"), found("10.0.0.3:80")};
    known.discovered["blue"] = {found("10.0.0.4:80")};  // discovers nothing
    const auto after = with_addresses(*before, registry, known);
    CHECK(after->facts == 1);
    CHECK(after->upstreams[0] == before->upstreams[0]);
    CHECK(texts_of(*after, 1) == Texts{"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"});
    const auto& green = after->upstreams[1]->endpoints;
    CHECK(green[0].weight == 5);
    CHECK(green[1].wanted == config::EndpointState::drain);
    CHECK(green[2].weight == 7);
    // Another weight, state or place among the backups is another list; the same is the same.
    CHECK(with_addresses(*after, registry, known)->upstreams[1] == after->upstreams[1]);
    for (const auto& change : {+[](config::Endpoint& e) { e.backup = true; },
                               +[](config::Endpoint& e) { e.state = config::EndpointState::drain; }}) {
        auto other = known;
        change(other.discovered["green"][2]);
        CHECK(with_addresses(*after, registry, other)->upstreams[1] != after->upstreams[1]);
    }
    CHECK(texts_of(*compile(model, 5, registry, known).snapshot, 1) == texts_of(*after, 1));
}

TEST_CASE("an endpoint that nobody holds is told by its id, which another one may get") {
    Registry registry(1);
    auto held = registry.endpoint("u", "a");
    const auto id = registry.endpoint("u", "b")->id;
    auto gone = registry.release({}).endpoints;
    REQUIRE(gone.size() == 1);
    CHECK(gone[0]->id == id);
    gone.clear();
    CHECK(registry.release({}).endpoints.empty());
    CHECK(registry.endpoint("u", "c")->id == id);
}
