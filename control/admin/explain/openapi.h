// The OpenAPI 3.1 document, made from the route table.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace switchyard::control {

nlohmann::ordered_json openapi_document(const std::string& version);

}  // namespace switchyard::control
