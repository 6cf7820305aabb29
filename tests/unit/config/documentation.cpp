// docs/config.md stays true: its tables are those of the schema, its examples parse, and between them use every key.
// docs/errors.md too: each wrong document on it is followed by exactly what is said of it.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "config/fields/schema.h"
#include "config/parse.h"

using namespace switchyard::config;
using Json = nlohmann::ordered_json;

namespace {

std::string page(const std::string& name = "config.md") {
    std::ostringstream text;
    text << std::ifstream(SWITCHYARD_SOURCE_DIR "/docs/" + name).rdbuf();
    return text.str();
}

std::vector<std::string> examples(const std::string& page, const std::string& language = "json") {
    const std::string open = "```" + language + "\n", close = "\n```";
    std::vector<std::string> found;
    for (auto at = page.find(open); at != std::string::npos; at = page.find(open, at)) {
        at += open.size();
        found.push_back(page.substr(at, page.find(close, at) - at));
    }
    return found;
}

// A kind of value as the tables name it.
std::string kind(const Json& schema) {
    if (schema.contains("$ref")) return "condition";
    if (schema.contains("enum")) {
        std::vector<std::string> words;
        for (const auto& word : schema["enum"]) words.push_back("`" + word.get<std::string>() + "`");
        return fmt::format("one of {}", fmt::join(words, ", "));
    }
    if (schema.contains("oneOf") && schema["oneOf"][1].value("pattern", "") == "^[1-5]xx$") return "status";
    if (schema.contains("oneOf") && schema["oneOf"][0].value("type", "") == "string") return "text or reference";
    if (schema.contains("oneOf")) return schema["oneOf"][0].value("type", "") == "integer" ? "size" : "word or object";
    const std::string type = schema["type"];
    if (type == "integer")
        return fmt::format("number, {} to {}", schema["minimum"].get<std::int64_t>(),
                           schema["maximum"].get<std::int64_t>());
    if (type == "boolean") return "true or false";
    if (type == "string") {
        const std::string pattern = schema.value("pattern", "");
        if (pattern.starts_with("^(\\d+d)")) return "duration";
        if (pattern.starts_with("^(unix")) return "address";
        return pattern.starts_with("^((header") ? "key" : "text";
    }
    if (type == "array")
        return schema["items"].value("type", "") == "object" ? "list of objects" : "list: " + kind(schema["items"]);
    if (schema.contains("properties")) return "object";
    const Json& values = schema["additionalProperties"];
    return values.value("type", "") == "object" ? "objects by name" : "by name: " + kind(values);
}

std::string table(const Json& object) {
    const Json required = object.value("required", Json::array());
    std::string out = "| Key | Value | Default | Meaning |\n|---|---|---|---|\n";
    for (const auto& [key, schema] : object["properties"].items()) {
        std::string standard = schema.contains("default") ? "`" + schema["default"].dump() + "`" : "none";
        if (std::ranges::count(required, Json(key)) > 0) standard = "required";
        out += fmt::format("| `{}` | {} | {} | {} |\n", key, kind(schema), standard,
                           schema["description"].get<std::string>());
    }
    return out;
}

// Calls visit(path, schema) for every object that has a list of keys.
template <class Visit>
void each_object(const Json& schema, const std::string& at, Visit visit) {
    if (schema.contains("properties")) {
        visit(at, schema);
        for (const auto& [key, part] : schema["properties"].items()) each_object(part, at + "/" + key, visit);
    }
    if (schema.contains("items")) each_object(schema["items"], at + "/*", visit);
    if (schema.contains("additionalProperties")) each_object(schema["additionalProperties"], at + "/*", visit);
}

void collect_used(const Json& schema, const Json& value, const std::string& at, std::set<std::string>& used) {
    if (!schema.is_object()) return;
    if (value.is_array())
        for (const auto& item : value) collect_used(schema.value("items", Json()), item, at + "/*", used);
    if (!value.is_object()) return;
    for (const auto& [key, part] : value.items()) {
        const bool listed = schema.contains("properties") && schema["properties"].contains(key);
        if (listed) used.insert(at + "/" + key);
        if (listed) collect_used(schema["properties"][key], part, at + "/" + key, used);
        if (!listed) collect_used(schema.value("additionalProperties", Json()), part, at + "/*", used);
    }
}

}  // namespace

TEST_CASE("the page has the table of every object, as the schema has it") {
    const std::string text = page();
    each_object(schema(), "", [&](const std::string& at, const Json& object) {
        const std::string expected = table(object);
        CHECK_MESSAGE(text.find(expected) != std::string::npos, "docs/config.md needs this table for ", at, ":\n",
                      expected);
    });
}

TEST_CASE("every example on the page parses") {
    const auto found = examples(page());
    CHECK(found.size() >= 15);
    for (const auto& example : found) {
        CAPTURE(example);
        for (const auto& error : parse(example).errors) FAIL_CHECK(error.pointer << ": " << error.detail);
    }
}

TEST_CASE("what nginx says and what is said here stand side by side, and the latter parses") {
    const auto found = examples(page("from-nginx.md"));
    REQUIRE(found.size() == 1);
    for (const auto& error : parse(found[0]).errors) FAIL_CHECK(error.pointer << ": " << error.detail);
}

TEST_CASE("every key is used in an example on the page") {
    const Json root = schema();
    std::set<std::string> used;
    for (const auto& example : examples(page())) {
        constexpr bool kThrow = true, kIgnoreComments = true;
        collect_used(root, Json::parse(example, nullptr, kThrow, kIgnoreComments), "", used);
    }
    each_object(root, "", [&](const std::string& at, const Json& object) {
        for (const auto& [key, part] : object["properties"].items())
            CHECK_MESSAGE(used.contains(at + "/" + key), "no example uses ", at, "/", key);
    });
}

TEST_CASE("every wrong document on the page of errors is answered as the page says") {
    const std::string text = page("errors.md");
    const auto section =
        text.substr(text.find("## Configuration"), text.find("\n## ", text.find("## Configuration") + 1));
    const auto documents = examples(section, "json"), answers = examples(section, "text");
    CHECK(documents.size() >= 10);
    REQUIRE(documents.size() == answers.size());
    for (std::size_t i = 0; i < documents.size(); ++i) {
        CAPTURE(documents[i]);
        std::vector<std::string> lines;
        for (const auto& error : parse(documents[i]).errors) lines.push_back(error.pointer + ": " + error.detail);
        CHECK(fmt::format("{}", fmt::join(lines, "\n")) == answers[i]);
    }
}
