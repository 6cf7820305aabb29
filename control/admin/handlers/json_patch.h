// What turns one configuration document into another, as JSON Patch (RFC 6902).
//
// Invariant: applied to `from` it gives `to`, the order of keys in a split included: the first of a split is its
//   baseline, so that order says something, although JSON itself gives it no meaning.
#pragma once

#include <nlohmann/json.hpp>

namespace switchyard::control {

nlohmann::ordered_json json_patch(const nlohmann::ordered_json& from, const nlohmann::ordered_json& to);

}  // namespace switchyard::control
