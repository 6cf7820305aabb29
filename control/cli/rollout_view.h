// A rollout as lines for people: state, weights, both colours side by side, evidence as bars toward its threshold.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace switchyard::control::cli {

bool rollout_ended(const nlohmann::ordered_json& rollout);
// What matters most, in one line.
std::string rollout_line(const nlohmann::ordered_json& rollout);
// Of a summary (one of the list) or of a whole rollout.
std::vector<std::string> rollout_lines(const nlohmann::ordered_json& rollout);

}  // namespace switchyard::control::cli
