// GET /v1/status as lines for people: status prints them once, watch again and again.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace switchyard::control::cli {

std::vector<std::string> status_lines(const nlohmann::ordered_json& status);

}  // namespace switchyard::control::cli
