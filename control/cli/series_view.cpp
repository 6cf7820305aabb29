#include "control/cli/series_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace switchyard::control::cli {
namespace {

using Json = nlohmann::ordered_json;
using Points = std::vector<std::optional<double>>;

constexpr std::array<const char*, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::size_t kLabel = 13,
                      kValue = 9;  // columns of a figure's name with its indentation, and of what it is now
constexpr std::size_t kLeast = 10, kMost = 60;  // of a row of blocks

struct Figure {
    const char* key;
    const char* name;
    bool largest;  // of several seconds in one block; otherwise their mean
};
constexpr std::array<Figure, 4> kFigures{
    {{"requests", "requests", false}, {"errors", "errors", false}, {"p50_ms", "p50", false}, {"p99_ms", "p99", true}}};

// As much of the ten minutes as there is something to see of.
std::size_t window_of(double uptime_s) {
    for (const std::size_t seconds : {60U, 120U, 300U})
        if (uptime_s < static_cast<double>(seconds)) return seconds;
    return 600;
}

Points points_of(const Json& series, const std::string& upstream, const char* key, std::size_t seconds) {
    Points out;
    const auto all = series.value(upstream, Json::object()).value(key, Json::array());
    for (const auto& point : all) out.push_back(point.is_number() ? std::optional(point.get<double>()) : std::nullopt);
    // Who has got nothing yet is not in it: that is no request, and no latency.
    if (all.empty() && key[0] != 'p') out.assign(seconds, 0.0);
    if (out.size() > seconds) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(seconds));
    return out;
}

// Of so many seconds, the last of which ends at the right.
Points thinned(const Points& points, std::size_t seconds, std::size_t blocks, bool largest) {
    Points out(blocks);
    const auto missing = seconds - std::min(seconds, points.size());
    for (std::size_t block = 0; block < blocks; ++block) {
        double sum = 0, most = 0;
        std::size_t count = 0;
        for (std::size_t at = block * seconds / blocks; at < (block + 1) * seconds / blocks; ++at) {
            if (at < missing || !points[at - missing]) continue;
            sum += *points[at - missing];
            most = std::max(most, *points[at - missing]);
            ++count;
        }
        if (count > 0) out[block] = largest ? most : sum / static_cast<double>(count);
    }
    return out;
}

std::string row(const Points& points, double top) {
    std::string out;
    for (const auto& point : points) {
        const auto height = point ? std::ceil(*point / top * static_cast<double>(kBlocks.size())) : 0.0;
        out += point ? kBlocks[static_cast<std::size_t>(std::clamp(height, 1.0, 8.0)) - 1] : " ";
    }
    return out;
}

std::string value_now(const Points& points, const Figure& figure) {
    constexpr std::size_t kFresh = 5;  // seconds; without a request there is no latency
    const bool time = figure.key[0] == 'p';
    for (std::size_t back = 1; back <= std::min(kFresh, points.size()); ++back)
        if (const auto& value = points[points.size() - back])
            return time && *value < 10 ? fmt::format("{:.2f} ms", *value)
                   : time              ? fmt::format("{:.1f} ms", *value)
                   : *value < 10       ? fmt::format("{:.1f}/s", *value)
                                       : fmt::format("{:.0f}/s", *value);
    return "–";
}

std::string padded(const std::string& text, std::size_t columns) {
    std::size_t wide = 0;
    for (const char c : text) wide += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    return text + std::string(columns - std::min(columns, wide), ' ');
}

}  // namespace

std::vector<std::string> series_lines(const Json& series, const Json& split, double uptime_s, std::size_t columns) {
    std::vector<std::string> names, out;
    std::size_t longest = 0;
    for (const auto& [name, weight] : split.items()) {
        names.push_back(name);
        longest = std::max(longest, name.size());
    }
    if (names.empty()) return out;
    const auto seconds = window_of(uptime_s);
    const auto around = longest + 1 + 1 + kValue;  // of a row of blocks
    const auto beside = [&](std::size_t rows) {
        const auto taken = kLabel + rows * around;
        return columns > taken ? std::min(kMost, (columns - taken) / rows) : 0;
    };
    constexpr std::size_t kRoomy = 20;
    const bool one_line = beside(names.size()) >= kRoomy;
    const auto blocks = std::max(kLeast, one_line ? beside(names.size()) : beside(1));
    out.push_back(fmt::format("    over the last {} min", seconds / 60));
    for (const auto& figure : kFigures) {
        std::vector<Points> points, drawn;
        double top = 1e-9;
        for (const auto& name : names) {
            points.push_back(points_of(series, name, figure.key, seconds));
            drawn.push_back(thinned(points.back(), seconds, blocks, figure.largest));
            for (const auto& point : drawn.back()) top = std::max(top, point.value_or(0));
        }
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto text = padded(names[i], longest) + ' ' + row(drawn[i], top) + ' ' +
                              padded(value_now(points[i], figure), kValue);
            if (one_line && i > 0)
                out.back() += text;
            else
                out.push_back(padded(i == 0 ? fmt::format("    {}", figure.name) : "", kLabel) + text);
        }
    }
    for (auto& line : out) line.erase(line.find_last_not_of(' ') + 1);
    return out;
}

}  // namespace switchyard::control::cli
