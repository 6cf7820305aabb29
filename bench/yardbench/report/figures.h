// A tally in words and as JSON. Durations in JSON are milliseconds.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bench/yardbench/engine/tally.h"

namespace yardbench {

// "1.23ms", "45µs", "2.10s"
std::string duration_text(Nanos t);
// A dash where nothing was measured; 1 is the maximum.
std::string quantile_text(const Histogram& h, double q);
double milliseconds(Nanos t);

nlohmann::json to_json(const Histogram& histogram);
// The latency distribution as points [quantile, ms], dense enough to draw.
nlohmann::json distribution(const Histogram& histogram);
nlohmann::json to_json(const Tally& tally, const std::vector<std::string>& tag_names);
std::string to_text(const Tally& tally, const std::vector<std::string>& tag_names);

}  // namespace yardbench
