// The schema accepts what parse() accepts and refuses unknown keys and wrong kinds. Checked by a reader of the subset
// of JSON Schema that schema() uses; it refuses keywords that it does not know, so that none goes unchecked.
#include "config/fields/schema.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "config/fields/render.h"
#include "config/parse.h"
#include "tests/support/random_model.h"

using namespace switchyard::config;
using Json = nlohmann::ordered_json;

namespace {

class SchemaReader {
  public:
    explicit SchemaReader(const Json& root) : root_(root) {}

    bool accepts(const Json& value) const { return accepts(root_, value); }

  private:
    bool accepts(const Json& schema, const Json& value) const {
        static const std::set<std::string> kIgnored{"$schema", "title",  "description", "default",
                                                    "$defs",   "format", "properties"};
        return std::ranges::all_of(schema.items(), [&](const auto& rule) {
            return kIgnored.contains(rule.key()) || holds(schema, rule.key(), rule.value(), value);
        });
    }

    bool holds(const Json& schema, const std::string& keyword, const Json& rule, const Json& value) const {
        if (keyword == "type") return has_type(value, rule);
        if (keyword == "enum") return std::ranges::find(rule, value) != rule.end();
        if (keyword == "const") return value == rule;
        if (keyword == "$ref") return accepts(root_["$defs"]["condition"], value);
        if (keyword == "oneOf")
            return std::ranges::count_if(rule, [&](const Json& choice) { return accepts(choice, value); }) == 1;
        if (keyword == "minimum") return value >= rule;
        if (keyword == "maximum") return value <= rule;
        if (keyword == "minLength") return value.get<std::string>().size() >= rule;
        if (keyword == "pattern") return cached_match(rule, value);
        if (keyword == "items")
            return std::ranges::all_of(value, [&](const Json& item) { return accepts(rule, item); });
        if (keyword == "minItems" || keyword == "minProperties") return value.size() >= rule;
        if (keyword == "maxProperties") return value.size() <= rule;
        if (keyword == "required")
            return std::ranges::all_of(rule, [&](const Json& key) { return value.contains(key.get<std::string>()); });
        if (keyword == "additionalProperties") return members_hold(schema, rule, value);
        FAIL("the schema uses a keyword that this test does not know: " << keyword);
        return false;
    }

    bool members_hold(const Json& schema, const Json& others, const Json& value) const {
        const Json properties = schema.value("properties", Json::object());
        return std::ranges::all_of(value.items(), [&](const auto& member) {
            if (properties.contains(member.key())) return accepts(properties[member.key()], member.value());
            return others.is_object() && accepts(others, member.value());
        });
    }

    static bool has_type(const Json& value, const Json& type) {
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_boolean();
        return type == "integer" && value.is_number_integer();
    }

    static bool cached_match(const std::string& pattern, const std::string& text) {
        static std::map<std::string, std::regex> patterns;
        const auto [at, fresh] = patterns.try_emplace(pattern, pattern);
        return std::regex_search(text, at->second);
    }

    const Json& root_;
};

}  // namespace

TEST_CASE("the schema accepts every model that is rendered") {
    const Json root = schema();
    const SchemaReader reader(root);
    Rng rng(99);
    for (int i = 0; i < 300; ++i) {
        CAPTURE(i);
        const Json document = render(random_model(rng));
        CAPTURE(document.dump());
        CHECK(reader.accepts(document));
    }
}

TEST_CASE("the schema refuses what parse() refuses for its shape") {
    const Json root = schema();
    const SchemaReader reader(root);
    CHECK(reader.accepts(Json::parse("{}")));
    for (
        const auto* text : {
            R"([])",
            R"({"upstrems":{}})",
            R"({"listeners":[{"name":"a"}]})",
            R"({"listeners":[{"name":"a","bind":"8080"}]})",
            R"({"process":{"workers":-1}})",
            R"({"process":{"workers":1.5}})",
            R"({"process":{"log":{"level":"loud"}}})",
            R"({"process":{"shutdown_grace":"30"}})",
            R"({"process":{"shutdown_grace":30}})",
            R"({"upstreams":{"a":{"endpoints":[{"address":"h:1","weight":70000}]}}})",
            R"({"upstreams":{"a":{"endpoints":[],"balance":{"hash":"header"}}}})",
            R"({"upstreams":{"a":{"endpoints":[],"balance":"fastest"}}})",
            R"({"routes":[{"name":"r","split":{"a":-1}}]})",
            R"({"routes":[{"name":"r","limits":{"body":"10MB"}}]})",
            R"({"routes":[{"name":"r","rules":[{"name":"x","upstream":"a","when":{}}]}]})",
            R"({"routes":[{"name":"r","rules":[{"name":"x","upstream":"a","when":{"header":"X"}}]}]})",
            R"({"routes":[{"name":"r","rules":[{"name":"x","upstream":"a","when":{"all":[]}}]}]})",
            R"({"routes":[{"name":"r","rules":[{"name":"x","upstream":"a","when":{"header":"X","equals":"a","in":["b"]}}]}]})",
        }) {
        CAPTURE(text);
        const Json document = Json::parse(text);
        CHECK_FALSE(reader.accepts(document));
        CHECK_FALSE(parse(document).model);
    }
}

TEST_CASE("the schema describes every key") {
    const auto check = [](const auto& self, const Json& schema, const std::string& at) -> void {
        const Json properties = schema.value("properties", Json::object());
        for (const auto& [key, part] : properties.items()) {
            CAPTURE(at + "/" + key);
            CHECK(part.value("description", "").size() > 3);
            self(self, part, at + "/" + key);
        }
        if (schema.contains("items")) self(self, schema["items"], at + "/*");
    };
    check(check, schema(), "");
}
