#include "config/fields/render.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "config/check/diff.h"
#include "config/check/validate.h"
#include "config/fields/schema.h"
#include "config/parse.h"
#include "tests/support/random_model.h"

using namespace switchyard::config;
using nlohmann::ordered_json;

namespace {

// Where a document has keys, written as in the schema: list positions and names chosen by the operator become "*".
void collect_paths(const ordered_json& schema, const std::string& at, std::set<std::string>& paths) {
    if (schema.contains("properties"))
        for (const auto& [key, part] : schema["properties"].items()) {
            paths.insert(at + "/" + key);
            collect_paths(part, at + "/" + key, paths);
        }
    if (schema.contains("items")) collect_paths(schema["items"], at + "/*", paths);
    if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
        collect_paths(schema["additionalProperties"], at + "/*", paths);
}

void collect_used(const ordered_json& schema, const ordered_json& value, const std::string& at,
                  std::set<std::string>& paths) {
    if (value.is_array() && schema.contains("items"))
        for (const auto& item : value) collect_used(schema["items"], item, at + "/*", paths);
    if (!value.is_object() || !schema.is_object()) return;
    for (const auto& [key, part] : value.items()) {
        if (schema.contains("properties") && schema["properties"].contains(key)) {
            paths.insert(at + "/" + key);
            collect_used(schema["properties"][key], part, at + "/" + key, paths);
        } else if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object()) {
            collect_used(schema["additionalProperties"], part, at + "/*", paths);
        }
    }
}

}  // namespace

TEST_CASE("parsing what was rendered gives the same model, and rendering that gives the same bytes") {
    Rng rng(20261121);
    std::set<std::string> known, used;
    const auto root = schema();
    collect_paths(root, "", known);
    for (int i = 0; i < 1500; ++i) {
        CAPTURE(i);
        const Model model = random_model(rng);
        const auto errors = validate(model);
        for (const auto& error : errors) MESSAGE(error.pointer << ": " << error.detail);
        REQUIRE(errors.empty());
        const std::string text = render_text(model);
        const auto result = parse(text);
        for (const auto& error : result.errors) MESSAGE(error.pointer << ": " << error.detail);
        REQUIRE(result.model);
        REQUIRE(*result.model == model);
        REQUIRE(render_text(*result.model) == text);
        const auto rendered = render(model);
        REQUIRE(parse(rendered).model == model);
        collect_used(root, rendered, "", used);
    }
    // The law says nothing about a key that no random model ever had.
    for (const auto& path : known) CHECK_MESSAGE(used.contains(path), path, " was never rendered");
}

TEST_CASE("diff is empty for equal models and never for different ones") {
    Rng rng(7);
    for (int i = 0; i < 1000; ++i) {
        CAPTURE(i);
        const Model before = random_model(rng);
        const Model after = random_edit(rng, before);
        CHECK(diff(before, before).empty());
        CHECK(diff(before, after).empty() == (before == after));
    }
}

TEST_CASE("an empty model renders as an empty object") {
    CHECK(render_text(Model{}) == "{}\n");
}

TEST_CASE("the canonical form leaves defaults out, keeps the order of a split and uses the largest exact units") {
    const auto result = parse(R"({
        // written loosely
        "routes": [{"split": {"green": 5, "blue": 95}, "limits": {"body": 2097152}, "name": "forum",
                    "match": {"path_prefix": "/"}, "retries": {"attempts": 1}}],
        "upstreams": {"green": {"endpoints": [{"address": "LOCALHOST:9002", "weight": 1}], "slow_start": "120s"},
                      "blue": {"endpoints": [], "timeouts": {"connect": "1000ms", "idle": "1m1s"}}}
    })");
    REQUIRE(result.model);
    CHECK(render(*result.model).dump() ==
          R"({"upstreams":{"blue":{"endpoints":[],"timeouts":{"idle":"61s"}},)"
          R"("green":{"endpoints":[{"address":"localhost:9002"}],"slow_start":"2m"}},)"
          R"("routes":[{"name":"forum","split":{"green":5,"blue":95},"limits":{"body":"2MiB"}}]})");
}

TEST_CASE("secrets are hidden when asked for, and a hidden secret is not taken for a real one") {
    const auto result = parse(R"({"upstreams":{"a":{"endpoints":[]}},"routes":[{"name":"r","split":{"a":1},
        "jwt":{"algorithm":"HS256","key":"hunter2"}}]})");
    REQUIRE(result.model);
    CHECK(render_text(*result.model).find("hunter2") != std::string::npos);
    const std::string hidden = render_text(*result.model, Secrets::redact);
    CHECK(hidden.find("hunter2") == std::string::npos);
    const auto again = parse(hidden);
    REQUIRE(again.errors.size() == 1);
    CHECK(again.errors[0].pointer == "/routes/0/jwt/key");
}
