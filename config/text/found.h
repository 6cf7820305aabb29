// A value of a document, in a few words, for "expected …, found …".
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace switchyard::config {

std::string found(const nlohmann::ordered_json& value);

}  // namespace switchyard::config
