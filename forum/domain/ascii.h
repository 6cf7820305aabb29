// Letters, digits and case as names, mentions and tags know them: ASCII only, whatever the locale.
//
// Pure. Threads: any.
#pragma once

#include <algorithm>
#include <string_view>

namespace forum {

constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// `wanted` in lower case.
constexpr bool equals_in_any_case(std::string_view given, std::string_view wanted) {
    return std::ranges::equal(given, wanted, [](char a, char b) { return lower(a) == b; });
}

}  // namespace forum
