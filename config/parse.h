// JSON text (comments allowed) → Model, with every error at once.
//
// Invariants: `model` is set exactly when `errors` is empty; what is set has passed validate().
//   parse(render_text(m)).model == m for every valid m.
// Errors: one per wrong place, each with its JSON pointer; unknown keys name the nearest known key.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "config/error.h"
#include "config/model.h"

namespace switchyard::config {

struct ParseResult {
    std::optional<Model> model;
    std::vector<Error> errors;
};

ParseResult parse(std::string_view text);
ParseResult parse(const nlohmann::ordered_json& document);

}  // namespace switchyard::config
