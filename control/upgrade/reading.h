// Reading what a program of another version has written: what is missing, or of another shape, counts as nothing.
//
// Pure. Threads: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace switchyard::control::upgrade {

using Json = nlohmann::ordered_json;

inline const Json& list(const Json& of, const char* name) {
    static const Json none = Json::array();
    const auto found = of.find(name);
    return found == of.end() || !found->is_array() ? none : *found;
}

inline const Json& part(const Json& of, const char* name) {
    static const Json none = Json::object();
    const auto found = of.find(name);
    return found == of.end() ? none : *found;
}

// A list of another length – the other program knows other kinds – is left aside.
template <std::size_t N>
void read(const Json& from, std::array<std::uint64_t, N>& to) {
    if (from.is_array() && from.size() == N) to = from.get<std::array<std::uint64_t, N>>();
}

}  // namespace switchyard::control::upgrade
