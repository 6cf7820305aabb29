// Names of headers and words in their values, whatever their case (ASCII).
#pragma once

#include <algorithm>
#include <string_view>

namespace yardbench {

inline bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace yardbench
