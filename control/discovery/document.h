// Documents of registries, read as they come: what is missing, null or of another kind is nothing.
//
// Pure. Threads: any.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace switchyard::control::discovery {

using Json = nlohmann::json;

inline const Json& part(const Json& object, const char* key) {
    static const Json kNone;
    if (!object.is_object()) return kNone;
    const auto it = object.find(key);
    return it == object.end() ? kNone : *it;
}
inline std::string text(const Json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}
// Discarded when it is not JSON.
inline Json parsed(std::string_view body) {
    constexpr bool kThrow = false;
    return Json::parse(body, nullptr, kThrow);
}

}  // namespace switchyard::control::discovery
