// What browsers are shown in place of Switchyard's own short errors.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

// "404", or "5xx" for all of a hundred that are not named → a file.
using ErrorPages = std::map<std::string, std::string>;

inline constexpr std::size_t kPageSize = 256U << 10U;  // octets of one: pages live in every snapshot
inline constexpr std::size_t kMostPages = 20;          // of a route

// The status, or 4 and 5 for "4xx" and "5xx"; nothing: it is none of an error.
inline std::optional<std::uint16_t> page_key(std::string_view text) {
    if (text == "4xx") return std::uint16_t{4};
    if (text == "5xx") return std::uint16_t{5};
    if (text.size() != 3 || (text[0] != '4' && text[0] != '5')) return std::nullopt;
    unsigned status = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        status = status * 10 + static_cast<unsigned>(c - '0');
    }
    return static_cast<std::uint16_t>(status);
}

}  // namespace switchyard::config
