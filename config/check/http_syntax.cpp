#include "config/check/http_syntax.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace switchyard::config {

bool is_token(std::string_view text) {
    static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return u < 0x80 && (std::isalnum(u) || kMarks.find(c) != std::string_view::npos);
    });
}

bool is_field_value(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    if (!text.empty() && (blank(text.front()) || blank(text.back()))) return false;
    return std::ranges::all_of(text, [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return u == '\t' || (u >= 0x20 && u != 0x7f);
    });
}

bool same_header(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b,
                              [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_hop_header(std::string_view name) {
    constexpr std::array<std::string_view, 9> kHop{
        "connection", "content-length", "transfer-encoding", "upgrade",       "te",
        "trailer",    "keep-alive",     "proxy-connection",  "http2-settings"};
    return std::ranges::any_of(kHop, [&](std::string_view hop) { return same_header(hop, name); });
}

}  // namespace switchyard::config
