// A word as it stands in a URL: what is not plainly a word is escaped (RFC 3986).
//
// Pure. Threads: any.
#pragma once

#include <fmt/format.h>

#include <cctype>
#include <string>
#include <string_view>

namespace switchyard::control::discovery {

inline std::string url_part(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (std::isalnum(octet) != 0 || c == '-' || c == '.' || c == '_' || c == '~')
            out += c;
        else
            out += fmt::format("%{:02X}", octet);
    }
    return out;
}

}  // namespace switchyard::control::discovery
