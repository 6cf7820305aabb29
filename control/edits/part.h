// One route, one rule or one upstream at a time: put as the configuration writes it, or taken away.
//
// Pure. What is put goes through the parser of the whole document, so that every rule and every message of the
// configuration holds.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/edits/edit.h"

namespace switchyard::control::edits {

enum class PartKind : std::uint8_t { route, rule, upstream };

struct Part {
    PartKind kind = PartKind::route;
    std::string route;  // of a rule: the one it belongs to
    std::string name;
};

// Adds it, or replaces all of it. A new route or rule stands behind the others; with "before": NAME in the settings of
// a rule, before that one.
Result<config::Model> put(const config::Model& model, const Part& part, const nlohmann::ordered_json& settings);
Result<config::Model> remove(const config::Model& model, const Part& part);

}  // namespace switchyard::control::edits
