#include "config/text/found.h"

#include <nlohmann/json.hpp>

namespace switchyard::config {

std::string found(const nlohmann::ordered_json& value) {
    constexpr std::size_t kShown = 40;  // enough to recognise it, short enough for one line
    if (value.is_object()) return value.empty() ? "an empty object" : "an object";
    if (value.is_array()) return value.empty() ? "an empty list" : "a list";
    std::string text = value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    if (text.size() <= kShown) return text;
    std::size_t cut = kShown;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;  // not inside a UTF-8 sequence
    return text.substr(0, cut) + (value.is_string() ? "…\"" : "…");
}

}  // namespace switchyard::config
