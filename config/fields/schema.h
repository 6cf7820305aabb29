// The JSON Schema (2020-12) of the configuration document, as `switchyard schema` prints it.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace switchyard::config {

nlohmann::ordered_json schema();

}  // namespace switchyard::config
