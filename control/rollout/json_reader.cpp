#include "control/rollout/json_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/text/duration.h"
#include "config/text/found.h"
#include "config/text/nearest.h"
#include "config/text/pointer.h"

namespace switchyard::control::rollout {

namespace {
constexpr Duration kLongest = std::chrono::hours(24 * 30);  // no release bakes for more than a month
}

ObjectReader::ObjectReader(const Json& json, std::string at, std::vector<config::Error>& errors)
    : json_(json), at_(std::move(at)), errors_(errors) {
    if (!json_.is_object()) fail(at_, "expected an object, found " + config::found(json_));
}

std::string ObjectReader::below(std::string_view key) const {
    return config::pointer_to(at_, key);
}

const ObjectReader::Json* ObjectReader::find(std::string_view key) {
    const std::string name(key);
    if (std::ranges::find(known_, name) == known_.end()) known_.push_back(name);
    if (!json_.is_object()) return nullptr;
    const auto it = json_.find(name);
    return it == json_.end() ? nullptr : &*it;
}

bool ObjectReader::required(std::string_view key) {
    if (!json_.is_object() || json_.contains(std::string(key))) return json_.is_object();
    fail(at_, fmt::format("the key \"{}\" is missing", key));
    return false;
}

void ObjectReader::read(std::string_view key, std::string& out) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_string() || value->get_ref<const std::string&>().empty())
        return fail(below(key), "expected a word, found " + config::found(*value));
    out = value->get<std::string>();
}

void ObjectReader::read(std::string_view key, Duration& out, Duration least) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_string())
        return fail(below(key), "expected a duration such as \"30s\", found " + config::found(*value));
    std::string why;
    const auto duration = config::parse_duration(value->get_ref<const std::string&>(), &why);
    if (!duration) return fail(below(key), why);
    if (*duration < least || *duration > kLongest)
        return fail(below(key), fmt::format("must be from {} to {}", config::duration_text(least),
                                            config::duration_text(kLongest)));
    out = *duration;
}

void ObjectReader::read(std::string_view key, std::uint32_t& out, std::uint32_t least, std::uint32_t most) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_number_integer() || value->get<double>() < least || value->get<double>() > most)
        return fail(below(key),
                    fmt::format("expected a whole number from {} to {}, found {}", least, most, config::found(*value)));
    out = value->get<std::uint32_t>();
}

void ObjectReader::read(std::string_view key, double& out, double least, double most) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_number() || value->get<double>() < least || value->get<double>() > most)
        return fail(below(key),
                    fmt::format("expected a number from {} to {}, found {}", least, most, config::found(*value)));
    out = value->get<double>();
}

void ObjectReader::end() {
    if (!json_.is_object()) return;
    for (const auto& item : json_.items())
        if (std::ranges::find(known_, item.key()) == known_.end())
            fail(below(item.key()), "unknown key " + config::unknown_word(item.key(), known_));
}

}  // namespace switchyard::control::rollout
