#include "bench/yardbench/report/duration.h"

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace yardbench {

namespace {

constexpr double kLongest =
    366.0 * 24 * 3600e9;  // a year: no run is meant to last longer, and a sum of these still fits

}  // namespace

Nanos parse_duration(const std::string& text) {
    static constexpr std::array<std::pair<const char*, double>, 6> kUnits = {
        {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end != text.c_str() && value >= 0)
        for (const auto& [unit, factor] : kUnits)
            if (std::string(end) == unit && value * factor <= kLongest) return static_cast<Nanos>(value * factor);
    throw std::invalid_argument("'" + text + "' is no duration; write 500ms, 10s or 2m (a year at most)");
}

}  // namespace yardbench
