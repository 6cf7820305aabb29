// One line chart as inline SVG: several lines over time, a threshold, and marks for events.
//
// Colours are set where they are used (style): a page's CSS cannot take them away. Labels stay inside the picture.
// Threads: pure. Units: whatever the caller plots; time in seconds.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace switchyard::control::rollout {

struct Line {
    std::string name;    // empty: no legend
    std::string colour;  // CSS
    std::vector<std::pair<double, double>> points;
    bool stepped = false;  // holds its value until the next point
};

struct Chart {
    std::string title, unit;
    std::vector<Line> lines;
    std::optional<double> threshold;
    std::vector<std::pair<double, std::string>> marks;  // time, what happened
    double width = 860, height = 200;
    double least_top = 0;  // the vertical axis reaches at least to here
};

std::string svg(const Chart& chart);
std::string escaped(std::string_view text);  // for HTML text and attributes

}  // namespace switchyard::control::rollout
