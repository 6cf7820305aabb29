#include "forum/api/json_input.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "forum/domain/ascii.h"

namespace forum {

namespace {

using Json = nlohmann::json;

// Deeper input is hostile: nothing here nests more than an array of strings in an object.
constexpr int kDepthMax = 8;

bool is_json_type(std::string_view content_type) {
    return equals_in_any_case(content_type.substr(0, content_type.find_first_of("; \t")), "application/json");
}

Json parse(const std::string& body) {
    std::set<std::string> keys;
    bool doubled = false;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > kDepthMax) refuse(400, "malformed-json", "the body nests deeper than any request needs");
        if (depth == 1 && event == Json::parse_event_t::key) doubled |= !keys.insert(parsed.get<std::string>()).second;
        return true;
    };
    Json json;
    try {
        json = Json::parse(body, watch);
    } catch (const Json::exception& e) {
        const std::string what = e.what();
        const std::size_t place = what.find("parse error");
        refuse(400, "malformed-json",
               "the body must be JSON in strict UTF-8: " +
                   (place == std::string::npos ? std::string("unreadable") : what.substr(place, 60)));
    }
    if (!json.is_object()) refuse(400, "malformed-json", "the body must be a JSON object");
    if (doubled) refuse(400, "malformed-json", "the body names a field twice");
    return json;
}

// 1.0 is an integer too, says JSON Schema, and some languages write it so.
std::optional<std::int64_t> integer_in(const Json& json) {
    constexpr double kExact = 9'007'199'254'740'992;  // 2^53: beyond, doubles leave integers out
    if (json.is_number_float()) {
        const auto value = json.get<double>();
        if (std::trunc(value) != value || std::abs(value) > kExact) return std::nullopt;
        return static_cast<std::int64_t>(value);
    }
    const bool huge = json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
    if (!json.is_number_integer() || huge) return std::nullopt;
    return json.get<std::int64_t>();
}

}  // namespace

struct JsonInput::Object {
    Json json;
    std::set<std::string, std::less<>> asked;

    const Json* find(std::string_view name) {
        asked.emplace(name);
        const auto found = json.find(std::string(name));
        return found == json.end() ? nullptr : &*found;
    }
};

JsonInput::JsonInput(const Call& call) : object_(std::make_unique<Object>()) {
    if (!is_json_type(call.content_type)) {
        refuse(415, "unsupported-media-type", "the body must be sent as Content-Type: application/json");
    }
    object_->json = parse(call.body);
}

JsonInput::~JsonInput() = default;

std::optional<std::string> JsonInput::maybe_text(std::string_view name) {
    const Json* const found = object_->find(name);
    if (found == nullptr) return std::nullopt;
    if (!found->is_string()) {
        errors_.push_back({"/" + std::string(name), "must be a string"});
        return std::nullopt;
    }
    return found->get<std::string>();
}

std::optional<std::string> JsonInput::maybe_text_or_null(std::string_view name) {
    const Json* const found = object_->find(name);
    return found != nullptr && found->is_null() ? std::nullopt : maybe_text(name);
}

std::string JsonInput::text(std::string_view name) {
    if (object_->find(name) == nullptr) {
        errors_.push_back({"/" + std::string(name), "is required"});
        return "";
    }
    return maybe_text(name).value_or("");
}

std::optional<std::int64_t> JsonInput::maybe_integer(std::string_view name, std::int64_t least, std::int64_t most) {
    const Json* const found = object_->find(name);
    if (found == nullptr) return std::nullopt;
    const auto value = integer_in(*found);
    if (!value || *value < least || *value > most) {
        errors_.push_back({"/" + std::string(name),
                           "must be an integer from " + std::to_string(least) + " to " + std::to_string(most)});
        return std::nullopt;
    }
    return value;
}

std::int64_t JsonInput::integer(std::string_view name, std::int64_t least, std::int64_t most) {
    if (object_->find(name) == nullptr) {
        errors_.push_back({"/" + std::string(name), "is required"});
        return least;
    }
    return maybe_integer(name, least, most).value_or(least);
}

std::optional<std::vector<std::string>> JsonInput::maybe_texts(std::string_view name) {
    const Json* const found = object_->find(name);
    if (found == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    bool good = found->is_array();
    for (std::size_t i = 0; good && i < found->size(); ++i) {
        good = (*found)[i].is_string();
        if (good) texts.push_back((*found)[i].get<std::string>());
    }
    if (!good) {
        errors_.push_back({"/" + std::string(name), "must be an array of strings"});
        return std::nullopt;
    }
    return texts;
}

void JsonInput::finish() {
    for (const auto& [name, content] : object_->json.items()) {
        if (object_->asked.contains(name)) continue;
        std::string pointer = "/";
        for (const char c : name) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        errors_.push_back({pointer, "is not a field of this request"});
    }
    refuse_if_any(errors_);
}

}  // namespace forum
