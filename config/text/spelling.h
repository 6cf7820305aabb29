// How each enumerator of the model is written, in JSON, on the command line and in messages: one table per enum. Each
// is declared beside its enum, in config/model, and stands in config/model/spellings.cpp.
//
// Threads: pure functions. Errors: parse_word() returns nothing for a word that is not in the table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace switchyard::config {

template <class T>
concept Enumeration = std::is_enum_v<T>;

template <class Enum>
struct Spelling {
    Enum value;
    std::string_view word;
};

// The table of an enum; specialised for those that are ever written.
template <class Enum>
std::span<const Spelling<Enum>> spellings();

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
