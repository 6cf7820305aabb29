// What changes now, as lines for people: rollouts under way, drains that are not empty, and the newest change.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace switchyard::control::cli {

// The answers of GET /v1/rollouts, /v1/drains and /v1/generations?limit=1.
struct Happening {
    nlohmann::ordered_json rollouts, drains, generations;
};

std::vector<std::string> happening_lines(const Happening& happening);

}  // namespace switchyard::control::cli
