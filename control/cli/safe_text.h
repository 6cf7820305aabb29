// Text of a foreign source, as a terminal may show it: no control character reaches it, and none that turns the
// direction of what is read.
//
// Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace switchyard::control::cli {

// Such characters as <U+009B>, octets that are no UTF-8 as <9B>; line ends and tabs stay.
std::string safe_text(std::string_view text);
// Every text of a document, names and values.
nlohmann::ordered_json safe_json(const nlohmann::ordered_json& json);
// The document itself, for machines: the same characters are written as \u escapes, so that it means the same.
std::string json_text(const nlohmann::ordered_json& json, int indent = 2);

}  // namespace switchyard::control::cli
