// The verdict of a run with switches, in words and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/yardbench/switching/switch_judge.h"

namespace yardbench {

// One line per switch when there are few, else the worst ones and a summary.
std::string to_text(const SwitchVerdict& verdict);
nlohmann::json to_json(const SwitchVerdict& verdict);
nlohmann::json to_json(const std::vector<TimelineSlice>& slices);

}  // namespace yardbench
