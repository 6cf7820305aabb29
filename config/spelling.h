// How each enumerator of the model is written, in JSON, on the command line and in messages: one table per enum.
//
// Threads: pure functions. Errors: parse_word() returns nothing for a word that is not in the table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/model.h"

namespace switchyard::config {

template <class T>
concept Enumeration = std::is_enum_v<T>;

template <class Enum>
struct Spelling {
    Enum value;
    std::string_view word;
};

// The table of an enum; specialised in spelling.cpp for exactly the enums named below.
template <class Enum>
std::span<const Spelling<Enum>> spellings();

template <>
std::span<const Spelling<Role>> spellings<Role>();
template <>
std::span<const Spelling<EndpointState>> spellings<EndpointState>();
template <>
std::span<const Spelling<Balance::Kind>> spellings<Balance::Kind>();  // without `hash`, which carries a key
template <>
std::span<const Spelling<Health::Type>> spellings<Health::Type>();
template <>
std::span<const Spelling<Key::Source>> spellings<Key::Source>();
template <>
std::span<const Spelling<Condition::Test>> spellings<Condition::Test>();
template <>
std::span<const Spelling<Sticky::Missing>> spellings<Sticky::Missing>();

template <class Enum>
std::string_view word(Enum value) {
    for (const auto& entry : spellings<Enum>())
        if (entry.value == value) return entry.word;
    return {};
}

template <class Enum>
std::optional<Enum> parse_word(std::string_view text) {
    for (const auto& entry : spellings<Enum>())
        if (entry.word == text) return entry.value;
    return std::nullopt;
}

template <class Enum>
std::vector<std::string> words() {
    std::vector<std::string> all;
    for (const auto& entry : spellings<Enum>()) all.emplace_back(entry.word);
    return all;
}

}  // namespace switchyard::config
