// Every edit: a pure function from the configuration in force to the one wanted.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "config/check/validate.h"
#include "config/fields/render.h"
#include "config/parse.h"
#include "control/edits/endpoint.h"
#include "control/edits/replace.h"
#include "control/edits/require.h"
#include "control/edits/split.h"
#include "control/edits/switch.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace switchyard::control::edits;

namespace {

config::Model model() {
    auto parsed = config::parse(std::string_view(R"({
      "upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:1"}]}, "green": {"endpoints": [{"address": "127.0.0.1:2"}]},
                    "grey": {"endpoints": [{"address": "127.0.0.1:3"}]}},
      "routes": [{"name": "forum", "split": {"blue": 95, "green": 5}, "jwt": {"algorithm": "HS256", "key": "secret"}}]})"));
    REQUIRE(parsed.model.has_value());
    return std::move(*parsed.model);
}

const Facts kHealthy{{"blue", {1, 1, 3}}, {"green", {2, 2, 0}}, {"grey", {1, 0, 0}}};

config::Split split_of(const Result<config::Model>& m) {
    REQUIRE(m.has_value());
    return m->routes[0].split;
}

}  // namespace

TEST_CASE("a switch gives one upstream everything and keeps the others at 0, in their order") {
    CHECK(split_of(apply(model(), kHealthy, Switch{"forum", "green", 1, false})) ==
          config::Split{{"blue", 0}, {"green", 100}});
    CHECK(split_of(apply(model(), kHealthy, Switch{"forum", "grey", 0, false})) ==
          config::Split{{"blue", 0}, {"green", 0}, {"grey", 100}});
}

TEST_CASE("a switch asks for healthy endpoints, and force does not") {
    const auto refused = apply(model(), kHealthy, Switch{"forum", "grey", 1, false});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 409);
    CHECK(refused.error().detail.find("grey has 0 healthy of 1") != std::string::npos);
    CHECK(apply(model(), kHealthy, Switch{"forum", "green", 3, false}).error().status == 409);
    CHECK(apply(model(), kHealthy, Switch{"forum", "grey", 1, true}).has_value());
}

TEST_CASE("what does not exist is refused by its name, with what there is") {
    CHECK(apply(model(), kHealthy, Switch{"shop", "green", 1, false}).error().status == 404);
    const auto unknown = apply(model(), kHealthy, Switch{"forum", "grene", 1, false}).error();
    CHECK(unknown.status == 422);
    CHECK(unknown.errors[0].pointer == "/to");
    CHECK(unknown.errors[0].detail.find("blue, green, grey") != std::string::npos);
    CHECK(apply(model(), kHealthy, SetSplit{"forum", {{"grene", 1}}}).error().errors[0].pointer == "/grene");
    CHECK(apply(model(), kHealthy, RemoveEndpoint{"blue", "127.0.0.1:9"}).error().status == 404);
    CHECK(apply(model(), kHealthy, SetEndpointState{"pink", "127.0.0.1:1"}).error().status == 404);
}

TEST_CASE("a route that its rules alone lead somewhere has nothing to switch") {
    auto rules_alone = model();
    rules_alone.routes[0].split.clear();
    config::Rule rule;
    rule.name = "some";
    rule.when.key.source = config::Key::Source::path;
    rule.when.test = config::Condition::Test::equals;
    rule.when.values = {"/x"};
    rule.upstream = "blue";
    rules_alone.routes[0].rules = {rule};
    REQUIRE(config::validate(rules_alone).empty());
    const auto refused = apply(rules_alone, kHealthy, Switch{"forum", "green", 1, false}).error();
    CHECK(refused.status == 422);
    CHECK(refused.errors[0].detail.find("has no split") != std::string::npos);
}

TEST_CASE("a split sets what is named, zeroes the rest and keeps the order") {
    CHECK(split_of(apply(model(), kHealthy, SetSplit{"forum", {{"green", 1}, {"grey", 2}}})) ==
          config::Split{{"blue", 0}, {"green", 1}, {"grey", 2}});
    CHECK(apply(model(), kHealthy, SetSplit{"forum", {}}).error().status == 422);
}

TEST_CASE("an endpoint is added, replaced as a whole, parked and removed") {
    const nlohmann::ordered_json settings = {{"weight", 3}, {"backup", true}};
    auto m = apply(model(), kHealthy, PutEndpoint{"blue", "127.0.0.1:8", &settings});
    REQUIRE(m.has_value());
    REQUIRE(m->upstreams.at("blue").endpoints.size() == 2);
    CHECK(m->upstreams.at("blue").endpoints[1].weight == 3);
    CHECK(m->routes[0].jwt.key == "secret");
    const nlohmann::ordered_json none = nlohmann::ordered_json::object();
    m = apply(*m, kHealthy, PutEndpoint{"blue", "127.0.0.1:8", &none});
    REQUIRE(m.has_value());
    CHECK(m->upstreams.at("blue").endpoints[1].weight == 1);
    CHECK_FALSE(m->upstreams.at("blue").endpoints[1].backup);
    m = apply(*m, kHealthy, SetEndpointState{"blue", "127.0.0.1:8", config::EndpointState::maint});
    CHECK(m->upstreams.at("blue").endpoints[1].state == config::EndpointState::maint);
    m = apply(*m, kHealthy, RemoveEndpoint{"blue", "127.0.0.1:8"});
    CHECK(*m == model());
}

TEST_CASE("a wrong endpoint is refused with the place in the whole document") {
    const nlohmann::ordered_json settings = {{"wieght", 3}};
    const auto refused = apply(model(), kHealthy, PutEndpoint{"blue", "127.0.0.1:8", &settings}).error();
    CHECK(refused.status == 422);
    CHECK(refused.errors[0].pointer == "/upstreams/blue/endpoints/1/wieght");
    CHECK(apply(model(), kHealthy, PutEndpoint{"blue", "nonsense", &settings}).error().status == 422);
}

TEST_CASE("secrets that come back hidden keep their value, in the route of that name only") {
    auto shown = config::render(model(), config::Secrets::redact);
    CHECK_FALSE(config::parse(shown).model.has_value());
    restore_secrets(shown, model());
    CHECK(*config::parse(shown).model == model());
    auto renamed = config::render(model(), config::Secrets::redact);
    renamed["routes"][0]["name"] = "other";
    restore_secrets(renamed, model());
    const auto refused = config::parse(renamed);
    REQUIRE_FALSE(refused.model.has_value());
    CHECK(refused.errors[0].pointer == "/routes/0/jwt/key");
}

TEST_CASE("the process part must match, or the running one is kept") {
    auto other = model();
    other.process.workers = 9;
    CHECK(replace(model(), other, ProcessPart::must_match).error().status == 409);
    CHECK(*replace(model(), other, ProcessPart::keep) == model());
}

TEST_CASE("requirements compare with what is, and say both") {
    CHECK(require(kHealthy, {"green", 2, {}}).has_value());
    CHECK(require(kHealthy, {"green", 3, {}}).error().status == 409);
    CHECK(require(kHealthy, {"blue", {}, 4}).has_value());
    CHECK(require(kHealthy, {"blue", {}, 3}).error().detail.find("3 requests in flight") != std::string::npos);
    CHECK(require(kHealthy, {"pink", 1, {}}).error().status == 409);
}

TEST_CASE("a discovered endpoint without an override is put as it is") {
    auto m = model();
    m.upstreams.at("blue").discover.emplace();
    m.upstreams.at("blue").discover->file = config::DiscoverFile{"/registry.json"};
    config::Endpoint found;
    found.address = *config::Address::parse("127.0.0.1:77");
    auto facts = kHealthy;
    facts["blue"].discovered = {found};
    for (const auto& settings : {nlohmann::ordered_json::object(), nlohmann::ordered_json{{"state", "up"}}}) {
        const auto put = apply(m, facts, PutEndpoint{"blue", "127.0.0.1:77", &settings});
        REQUIRE(put.has_value());
        CHECK(put->upstreams.at("blue").endpoint_overrides.empty());
    }
}
