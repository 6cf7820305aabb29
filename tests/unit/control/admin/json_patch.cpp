#include "control/admin/handlers/json_patch.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using nlohmann::ordered_json;
using switchyard::control::json_patch;

TEST_CASE("a patch applied to the one document gives the other") {
    const auto from = ordered_json::parse(R"({"routes": [{"name": "a", "split": {"blue": 100, "green": 0}}],
                                              "upstreams": {"blue": {"weight": 1}, "green": {}}})");
    const char* others[] = {
        R"({"routes": [{"name": "a", "split": {"blue": 90, "green": 10}}], "upstreams": {"blue": {"weight": 1}, "green": {}}})",
        R"({"routes": [{"name": "a", "split": {"blue": 100, "green": 0}}, {"name": "b", "redirect": "/"}], "upstreams": {"blue": {}}})",
        R"({"upstreams": {"blue": {"weight": 2}, "a/b~c": {}}})",
        R"({"routes": [], "upstreams": {}})",
    };
    for (const auto* text : others) {
        CAPTURE(text);
        const auto to = ordered_json::parse(text);
        CHECK(from.patch(json_patch(from, to)) == to);
    }
}

TEST_CASE("equal documents differ by nothing") {
    const auto document = ordered_json::parse(R"({"routes": [{"split": {"blue": 1, "green": 2}}]})");
    CHECK(json_patch(document, document).empty());
}

TEST_CASE("who stands first in a split says something, and the patch says it") {
    const auto from = ordered_json::parse(R"({"routes": [{"name": "a", "split": {"blue": 50, "green": 50}}]})");
    const auto to = ordered_json::parse(R"({"routes": [{"name": "a", "split": {"green": 50, "blue": 50}}]})");
    const auto patched = from.patch(json_patch(from, to));
    CHECK(patched["routes"][0]["split"].begin().key() == "green");
    CHECK(patched.dump() == to.dump());
}
