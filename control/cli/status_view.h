// GET /v1/status as lines for people: status prints them once, watch again and again.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace switchyard::control::cli {

// What is in force, and what the operator should know.
std::vector<std::string> status_head(const nlohmann::ordered_json& status);
// Listeners, routes and upstreams; `more` stands below each route.
using MoreOfRoute = std::function<std::vector<std::string>(const nlohmann::ordered_json& route)>;
std::vector<std::string> status_body(const nlohmann::ordered_json& status, const MoreOfRoute& more = {});
std::vector<std::string> status_lines(const nlohmann::ordered_json& status);

}  // namespace switchyard::control::cli
