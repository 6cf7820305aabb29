// Documents over documents: what comes out, and which of them an error comes from.
#include "config/merge/layers.h"

#include <doctest/doctest.h>

using namespace switchyard::config;
using Json = nlohmann::ordered_json;

namespace {

std::vector<Layer> three() {
    return {{"base.json", Json::parse(R"({"upstreams": {"blue": {"endpoints": [{"address": "a:1"}], "slow_start": "1s"},
                                          "green": {"endpoints": []}}, "listeners": [{"name": "web"}],
                                          "routes": [{"name": "app"}]})")},
            {"prod.json", Json::parse(R"({"upstreams": {"blue": {"endpoints": [{"address": "p:1"}]}, "a/b": {}}})")},
            {"here.json", Json::parse(R"({"upstreams": {"green": null, "blue": {"slow_start": "2s"}}})")}};
}

}  // namespace

TEST_CASE("later ones patch earlier ones: objects by key, lists as a whole, null takes away") {
    CHECK(merged(three()) ==
          Json::parse(R"({"upstreams": {"blue": {"endpoints": [{"address": "p:1"}], "slow_start": "2s"},
                                             "a/b": {}}, "listeners": [{"name": "web"}], "routes": [{"name": "app"}]})"));
    // The patch of RFC 7396, appendix A, in one row for each kind.
    for (const auto& [base, patch, out] : std::vector<std::array<const char*, 3>>{
             {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
             {R"({"a":"b"})", R"({"a":null})", "{}"},
             {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
             {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
             {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
             {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
             {"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"}})
        CHECK(merged({{"1", Json::parse(base)}, {"2", Json::parse(patch)}}) == Json::parse(out));
}

TEST_CASE("each place has the layer that brought it, or took it away") {
    const auto layers = three();
    for (const auto& [pointer, from] :
         std::vector<std::pair<const char*, const char*>>{{"/upstreams/blue/endpoints/0/address", "prod.json"},
                                                          {"/upstreams/blue/slow_start", "here.json"},
                                                          {"/upstreams/green/endpoints", "here.json"},
                                                          {"/upstreams/a~1b/balance", "prod.json"},
                                                          {"/listeners/0/bind", "base.json"},
                                                          {"/routes/7", "base.json"},
                                                          {"/process/admin", "base.json"},
                                                          {"", "base.json"}}) {
        CAPTURE(pointer);
        CHECK(source_of(layers, pointer) == from);
    }
    std::vector<Error> errors{{"/routes/0", "wrong"}, {"", "all of it"}};
    name_layers(layers, errors);
    CHECK(errors[0].detail == "wrong (from base.json)");
    CHECK(errors[1].detail == "all of it");
    errors = {{"/routes/0", "wrong"}};
    name_layers({layers[0]}, errors);
    CHECK(errors[0].detail == "wrong");
}
