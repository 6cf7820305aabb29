// One line chart as inline SVG: several lines over time, a threshold, and marks for events.
//
// Threads: pure. Units: whatever the caller plots; time in seconds.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace switchyard::control::rollout {

struct Line {
    std::string name;
    std::string colour;  // CSS
    std::vector<std::pair<double, double>> points;
};

struct Chart {
    std::string title, unit;
    std::vector<Line> lines;
    std::optional<double> threshold;
    std::vector<std::pair<double, std::string>> marks;  // time, what happened
    double width = 860, height = 180;
};

std::string svg(const Chart& chart);
std::string escaped(std::string_view text);  // for HTML text and attributes

}  // namespace switchyard::control::rollout
