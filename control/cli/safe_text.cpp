#include "control/cli/safe_text.h"

#include <fmt/format.h>

#include <cstdint>

namespace switchyard::control::cli {
namespace {

struct Character {
    std::uint32_t point = 0;
    std::size_t size = 0;  // 0: no UTF-8 here
};

Character first_of(std::string_view text) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = octet(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (size == 0 || lead >= 0xF5 || text.size() < size) return {};
    std::uint32_t point = lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((octet(i) & 0xC0U) != 0x80U) return {};
        point = point << 6U | (octet(i) & 0x3FU);
    }
    return {point, size};
}

// C0 but line ends and tabs, DEL, C1 (U+009B begins a terminal's command as ESC [ does), and the marks that turn or
// isolate a direction.
bool is_unsafe(std::uint32_t c) {
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E ||
           c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

template <class Write>
std::string rewritten(std::string_view text, Write write) {
    std::string out;
    while (!text.empty()) {
        const auto c = first_of(text);
        if (c.size == 0) {
            out += fmt::format("<{:02X}>", static_cast<unsigned char>(text[0]));
            text.remove_prefix(1);
            continue;
        }
        if (is_unsafe(c.point))
            out += write(c.point);
        else
            out += text.substr(0, c.size);
        text.remove_prefix(c.size);
    }
    return out;
}

}  // namespace

std::string safe_text(std::string_view text) {
    return rewritten(text, [](std::uint32_t point) { return fmt::format("<U+{:04X}>", point); });
}

nlohmann::ordered_json safe_json(const nlohmann::ordered_json& json) {
    if (json.is_string()) return safe_text(json.get_ref<const std::string&>());
    if (json.is_array()) {
        auto out = nlohmann::ordered_json::array();
        for (const auto& item : json) out.push_back(safe_json(item));
        return out;
    }
    if (json.is_object()) {
        auto out = nlohmann::ordered_json::object();
        for (const auto& [key, value] : json.items()) out[safe_text(key)] = safe_json(value);
        return out;
    }
    return json;
}

std::string json_text(const nlohmann::ordered_json& json, int indent) {
    // What is below U+0020 the library escapes already.
    const auto text = json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    return rewritten(text, [](std::uint32_t point) { return fmt::format("\\u{:04x}", point); });
}

}  // namespace switchyard::control::cli
