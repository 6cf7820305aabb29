#include "config/fields/condition_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/model/key.h"
#include "config/model/limits.h"
#include "config/text/found.h"
#include "config/text/nearest.h"
#include "config/text/pointer.h"
#include "config/text/spelling.h"

namespace switchyard::config {

namespace {

using nlohmann::ordered_json;
using Kind = Condition::Kind;
using Test = Condition::Test;
using Source = Key::Source;

constexpr std::string_view kAll = "all", kAny = "any", kNot = "not";

// Sources without a name may carry their value directly: {"client": "10.0.0.0/8"}.
Test direct_test(Source source) {
    return source == Source::client ? Test::in : Test::equals;
}

class ConditionReader {
  public:
    explicit ConditionReader(std::vector<Error>& errors) : errors_(errors) {}

    void read(const ordered_json& json, const std::string& at, Condition& out, int depth) {
        if (!json.is_object()) return fail(at, fmt::format("expected a condition (an object), found {}", found(json)));
        if (depth > limits::kConditionDepth)
            return fail(at, fmt::format("conditions may be nested {} deep", limits::kConditionDepth));
        if (!check_keys(json, at)) return;
        const auto subject =
            std::ranges::find_if(json.items(), [](const auto& item) { return is_subject(item.key()); });
        const std::string& word = subject.key();
        if (word == kAll || word == kAny) return read_children(subject.value(), at, word, out, depth);
        if (word == kNot) {
            out.kind = Kind::negate;
            return read(subject.value(), pointer_to(at, word), out.children.emplace_back(), depth + 1);
        }
        out.key.source = *parse_word<Source>(word);
        read_test(json, at, word, out);
    }

  private:
    void fail(const std::string& at, std::string detail) { errors_.push_back({at, std::move(detail)}); }

    static bool is_subject(std::string_view key) {
        return key == kAll || key == kAny || key == kNot || parse_word<Source>(key);
    }

    // Exactly one subject, no unknown key, and for all / any / not nothing beside it.
    bool check_keys(const ordered_json& json, const std::string& at) {
        std::vector<std::string> subjects, tests;
        bool known = true;
        for (const auto& [key, value] : json.items()) {
            if (is_subject(key)) {
                subjects.push_back(key);
            } else if (parse_word<Test>(key)) {
                tests.push_back(key);
            } else {
                std::vector<std::string> all = words<Source>();
                for (const auto& test : words<Test>()) all.push_back(test);
                for (const auto word : {kAll, kAny, kNot}) all.emplace_back(word);
                fail(pointer_to(at, key), "unknown key " + unknown_word(key, all));
                known = false;
            }
        }
        if (!known) return false;
        if (subjects.empty()) {
            fail(at,
                 "expected what to look at: header, cookie, query, claim, client, method, path, host, all, any or not");
            return false;
        }
        if (subjects.size() > 1) {
            fail(pointer_to(at, subjects[1]),
                 fmt::format("\"{}\" is already there; join conditions with \"all\" or \"any\"", subjects[0]));
            return false;
        }
        const bool joins = !parse_word<Source>(subjects[0]);
        if (tests.size() > (joins ? 0U : 1U)) {
            fail(pointer_to(at, tests.back()), joins ? fmt::format("\"{}\" takes no test beside it", subjects[0])
                                                     : fmt::format("\"{}\" is already there; one test each", tests[0]));
            return false;
        }
        return true;
    }

    void read_children(const ordered_json& json, const std::string& at, const std::string& word, Condition& out,
                       int depth) {
        out.kind = word == kAll ? Kind::all : Kind::any;
        const std::string here = pointer_to(at, word);
        if (!json.is_array() || json.empty())
            return fail(here, fmt::format("expected a list of conditions, found {}", found(json)));
        for (std::size_t i = 0; i < json.size(); ++i)
            read(json[i], pointer_to(here, i), out.children.emplace_back(), depth + 1);
    }

    void read_test(const ordered_json& json, const std::string& at, const std::string& word, Condition& out) {
        const ordered_json& subject = json.at(word);
        const bool direct = !has_name(out.key.source) && subject.is_string();
        if (has_name(out.key.source)) {
            if (!subject.is_string())
                return fail(pointer_to(at, word),
                            fmt::format("expected the name of the {}, found {}", word, found(subject)));
            out.key.name = subject.get<std::string>();
        } else if (!direct && subject != true) {
            return fail(pointer_to(at, word),
                        fmt::format("expected the value as a string, or true and a test, found {}", found(subject)));
        }
        const auto test = std::ranges::find_if(
            json.items(), [](const auto& item) { return parse_word<Test>(item.key()).has_value(); });
        const bool tested = test != json.items().end();
        if (direct && tested)
            return fail(pointer_to(at, test.key()), fmt::format("write {{\"{}\": true, \"{}\": …}}", word, test.key()));
        if (direct) {
            out.test = direct_test(out.key.source);
            out.values = {subject.get<std::string>()};
            return;
        }
        if (!tested) return fail(at, "expected a test: equals, in, prefix, matches or present");
        out.test = *parse_word<Test>(test.key());
        read_values(test.value(), pointer_to(at, test.key()), out);
        if (out.key.source == Source::client && out.test == Test::equals) out.test = Test::in;
    }

    void read_values(const ordered_json& json, const std::string& at, Condition& out) {
        if (out.test == Test::present) {
            if (json != true)
                fail(at, fmt::format("expected true, found {}; absence is {{\"not\": {{…, \"present\": true}}}}",
                                     found(json)));
            return;
        }
        if (out.test != Test::in) {
            if (!json.is_string()) return fail(at, fmt::format("expected a string, found {}", found(json)));
            out.values = {json.get<std::string>()};
            return;
        }
        if (!json.is_array() || json.empty())
            return fail(at, fmt::format("expected a list of strings, found {}", found(json)));
        for (std::size_t i = 0; i < json.size(); ++i) {
            if (json[i].is_string())
                out.values.push_back(json[i].get<std::string>());
            else
                fail(pointer_to(at, i), fmt::format("expected a string, found {}", found(json[i])));
        }
    }

    std::vector<Error>& errors_;
};

}  // namespace

void read_condition(const ordered_json& json, const std::string& at, Condition& out, std::vector<Error>& errors) {
    ConditionReader(errors).read(json, at, out, 1);
}

ordered_json write_condition(const Condition& condition) {
    if (condition.kind == Kind::negate)
        return {
            {std::string(kNot), condition.children.empty() ? ordered_json() : write_condition(condition.children[0])}};
    if (condition.kind != Kind::test) {
        ordered_json list = ordered_json::array();
        for (const auto& child : condition.children) list.push_back(write_condition(child));
        return {{std::string(condition.kind == Kind::all ? kAll : kAny), std::move(list)}};
    }
    const Key& key = condition.key;
    ordered_json out = ordered_json::object();
    const std::string subject(word(key.source));
    if (has_name(key.source)) {
        out[subject] = key.name;
    } else if (condition.test == direct_test(key.source) && condition.values.size() == 1) {
        out[subject] = condition.values[0];
        return out;
    } else {
        out[subject] = true;
    }
    const std::string test(word(condition.test));
    if (condition.test == Test::present)
        out[test] = true;
    else if (condition.test == Test::in)
        out[test] = condition.values;
    else
        out[test] = condition.values.empty() ? std::string() : condition.values[0];
    return out;
}

ordered_json condition_schema() {
    const ordered_json self{{"$ref", "#/$defs/condition"}};
    const ordered_json children{{"type", "array"}, {"minItems", 1}, {"items", self}};
    const ordered_json text{{"type", "string"}};
    const auto only = [](std::string_view key, const ordered_json& value) {
        const std::string name(key);
        return ordered_json{{"type", "object"},
                            {"required", ordered_json::array({name})},
                            {"additionalProperties", false},
                            {"properties", ordered_json{{name, value}}}};
    };
    const ordered_json tests{{"equals", text},
                             {"in", {{"type", "array"}, {"minItems", 1}, {"items", text}}},
                             {"prefix", text},
                             {"matches", {{"type", "string"}, {"format", "regex"}}},
                             {"present", {{"const", true}}}};
    ordered_json choices = ordered_json::array({only(kAll, children), only(kAny, children), only(kNot, self)});
    for (const auto& [source, name] : spellings<Source>()) {
        if (!has_name(source)) choices.push_back(only(name, text));
        ordered_json properties{{std::string(name), has_name(source) ? text : ordered_json{{"const", true}}}};
        for (const auto& [test, schema] : tests.items()) properties[test] = schema;
        choices.push_back(ordered_json{{"type", "object"},
                                       {"required", ordered_json::array({std::string(name)})},
                                       {"minProperties", 2},
                                       {"maxProperties", 2},
                                       {"additionalProperties", false},
                                       {"properties", std::move(properties)}});
    }
    return {{"oneOf", std::move(choices)}};
}

}  // namespace switchyard::config
