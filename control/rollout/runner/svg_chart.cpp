#include "control/rollout/runner/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace switchyard::control::rollout {

namespace {

constexpr double kLeft = 64, kRight = 14, kTitle = 14, kLegend = 30, kBottom = 22;
constexpr double kLetter = 6.5;  // of the labels, roughly

struct Scale {
    double width, height, top;
    double last = 1, most = 1;
    double x(double t) const { return kLeft + t / last * (width - kLeft - kRight); }
    double y(double v) const { return height - kBottom - std::clamp(v / most, 0.0, 1.0) * (height - top - kBottom); }
};

bool has_legend(const Chart& chart) {
    return std::ranges::any_of(chart.lines, [](const Line& line) { return !line.name.empty(); });
}

// The next of 1, 2, 4, 5 and 10 times a power of ten, so that half of it is a short number too.
double round_above(double v) {
    const double ten = std::pow(10.0, std::floor(std::log10(v)));
    for (const double times : {1.0, 2.0, 4.0, 5.0})
        if (v <= times * ten * (1 + 1e-9)) return times * ten;
    return 10 * ten;
}

Scale scale_of(const Chart& chart) {
    constexpr double kAboveThreshold = 1.1;  // its line is seen
    Scale scale{chart.width, chart.height, has_legend(chart) ? kLegend + 12 : kTitle + 10};
    double most = std::max(chart.least_top, chart.threshold.value_or(0) * kAboveThreshold);
    for (const Line& line : chart.lines)
        for (const auto& [t, v] : line.points) {
            scale.last = std::max(scale.last, t);
            most = std::max(most, v);
        }
    scale.most = most > 0 ? round_above(most) : 1;
    return scale;
}

std::string time_label(double seconds) {
    constexpr double kMinute = 60, kHour = 3600;
    constexpr double kFew = 10;  // below it one more digit says something
    const auto [value, unit] = seconds >= 2 * kHour     ? std::pair{seconds / kHour, "h"}
                               : seconds >= 2 * kMinute ? std::pair{seconds / kMinute, "min"}
                                                        : std::pair{seconds, "s"};
    return value < kFew ? fmt::format("{:.2g} {}", value, unit) : fmt::format("{:.0f} {}", value, unit);
}

std::string axes(const Chart& chart, const Scale& scale) {
    std::string out;
    for (const double part : {0.0, 0.5, 1.0}) {
        const double v = part * scale.most;
        out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"g\"/>", kLeft,
                           chart.width - kRight, scale.y(v), scale.y(v));
        out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"l e\">{:.6g} {}</text>", kLeft - 4, scale.y(v) + 4,
                           v, escaped(chart.unit));
        // The first and the last label end where the axis does.
        out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"l {}\">{}</text>", scale.x(part * scale.last),
                           chart.height - 6,
                           part == 0.0   ? "s"
                           : part == 1.0 ? "e"
                                         : "m",
                           time_label(part * scale.last));
    }
    return out;
}

// Each with its word where there is room, and always as a tooltip.
std::string event_marks(const Chart& chart, const Scale& scale) {
    constexpr double kRoomy = 400;
    std::string out;
    double free_from = 0;
    for (const auto& [t, what] : chart.marks) {
        const double x = scale.x(std::min(t, scale.last));
        out += fmt::format(
            "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" class=\"k\"><title>{3}</title></line>", x,
            scale.top, chart.height - kBottom, escaped(what));
        const double width = kLetter * static_cast<double>(what.size()) + 6;
        if (chart.width < kRoomy || x < free_from || x + width > chart.width) continue;
        out +=
            fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"l\">{}</text>", x + 3, scale.top + 9, escaped(what));
        free_from = x + width;
    }
    return out;
}

std::string polyline(const Line& line, const Scale& scale) {
    if (line.points.size() == 1)
        return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" style=\"fill:{}\"/>",
                           scale.x(line.points[0].first), scale.y(line.points[0].second), line.colour);
    std::string out = fmt::format("<polyline style=\"fill:none;stroke:{};stroke-width:1.5\" points=\"", line.colour);
    for (std::size_t i = 0; i < line.points.size(); ++i) {
        const auto& [t, v] = line.points[i];
        if (line.stepped && i > 0) out += fmt::format("{:.1f},{:.1f} ", scale.x(t), scale.y(line.points[i - 1].second));
        out += fmt::format("{:.1f},{:.1f} ", scale.x(t), scale.y(v));
    }
    return out + "\"/>";
}

std::string legend(const Chart& chart) {
    constexpr double kSample = 18;
    std::string out;
    double x = kLeft;
    for (const Line& line : chart.lines) {
        if (line.name.empty()) continue;
        out += fmt::format(
            "<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2}\" y2=\"{2}\" style=\"stroke:{3};stroke-width:3\"/>", x,
            x + kSample, kLegend - 4, line.colour);
        out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" class=\"l\" style=\"fill:{}\">{}</text>", x + kSample + 4,
                           kLegend, line.colour, escaped(line.name));
        x += kSample + kLetter * static_cast<double>(line.name.size()) + 20;
    }
    return out;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    return out;
}

std::string svg(const Chart& chart) {
    const Scale scale = scale_of(chart);
    std::string out = fmt::format(
        "<svg viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2}\"><text x=\"{3}\" y=\"{4}\" class=\"t\">{2}</text>",
        chart.width, chart.height, escaped(chart.title), kLeft, kTitle);
    out += axes(chart, scale) + event_marks(chart, scale);
    if (chart.threshold)
        out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"h\"/>", kLeft,
                           chart.width - kRight, scale.y(*chart.threshold), scale.y(*chart.threshold));
    for (const Line& line : chart.lines)
        if (!line.points.empty()) out += polyline(line, scale);
    return out + legend(chart) + "</svg>";
}

}  // namespace switchyard::control::rollout
