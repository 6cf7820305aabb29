// GET /v1/series as lines for people: what a route's upstreams did over the last ten minutes, beside each other.
//
// One row of blocks for each upstream and figure, all of a figure on one scale, so that they can be compared: the
// dashboard's charts, for a terminal. Where the window is wide enough the upstreams of a figure stand in one line.
// Pure. Units: `columns` of the window.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace switchyard::control::cli {

// `series`: of the route, by upstream; `split`: whose rows there are, in this order; `uptime_s`: there is nothing
// before.
std::vector<std::string> series_lines(const nlohmann::ordered_json& series, const nlohmann::ordered_json& split,
                                      double uptime_s, std::size_t columns);

}  // namespace switchyard::control::cli
