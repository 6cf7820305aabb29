// JSON text (comments allowed) → Model, with every error at once.
//
// Invariants: `model` is set exactly when `errors` is empty; what is set has passed validate().
//   parse(render_text(m)).model == m for every valid m.
// Errors: one per wrong place, each with its JSON pointer; unknown keys name the nearest known key.
#pragma once

#include <concepts>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "config/text/error.h"

namespace switchyard::config {

struct ParseResult {
    std::optional<Model> model;
    std::vector<Error> errors;
};

ParseResult parse(std::string_view text);
// A configuration that was taken once: an expression that only this version refuses does not make it unreadable.
ParseResult parse_stored(std::string_view text);
ParseResult parse_document(const nlohmann::ordered_json& document);
// Only for documents: text must not turn into one by the library's implicit conversions.
template <std::same_as<nlohmann::ordered_json> Document>
ParseResult parse(const Document& document) {
    return parse_document(document);
}

}  // namespace switchyard::config
