// Conditions ⇄ JSON:
//   {"header": "X-Release", "equals": "canary"}   {"cookie": "group", "in": ["a", "b"]}   {"query": "q", "present":
//   true}
//   {"client": "10.0.0.0/8"}   {"method": "POST"}   {"path": "/x"}   – or true and a test: {"path": true, "prefix":
//   "/x"}
//   {"all": [...]}   {"any": [...]}   {"not": {...}}
//
// Invariants: reading what was written gives the same condition, for conditions that validate() accepts.
// Threads: pure functions. Errors: appended to `errors`, each with its pointer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/model/condition.h"
#include "config/text/error.h"

namespace switchyard::config {

void read_condition(const nlohmann::ordered_json& json, const std::string& at, Condition& out,
                    std::vector<Error>& errors);
nlohmann::ordered_json write_condition(const Condition& condition);
// What the schema says under $defs/condition; refers to itself by that name.
nlohmann::ordered_json condition_schema();

}  // namespace switchyard::config
