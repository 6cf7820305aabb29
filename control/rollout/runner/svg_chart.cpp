#include "control/rollout/runner/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchyard::control::rollout {

namespace {

constexpr double kLeft = 60, kRight = 10, kTop = 24, kBottom = 22;

struct Scale {
    double width, height;
    double last = 1, most = 1;
    double x(double t) const { return kLeft + t / last * (width - kLeft - kRight); }
    double y(double v) const { return height - kBottom - std::clamp(v / most, 0.0, 1.0) * (height - kTop - kBottom); }
};

Scale scale_of(const Chart& chart) {
    Scale scale{chart.width, chart.height};
    double most = chart.threshold.value_or(0) * 1.1;
    for (const Line& line : chart.lines)
        for (const auto& [t, v] : line.points) {
            scale.last = std::max(scale.last, t);
            most = std::max(most, v);
        }
    scale.most = most > 0 ? most * 1.05 : 1;
    return scale;
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
        "<svg viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2}\"><text x=\"{3}\" y=\"14\" class=\"t\">{2}</text>",
        chart.width, chart.height, escaped(chart.title), kLeft);
    for (const double part : {0.0, 0.5, 1.0}) {
        const double v = part * scale.most;
        out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"g\"/>", kLeft,
                           chart.width - kRight, scale.y(v), scale.y(v));
        out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"l e\">{:.3g} {}</text>", kLeft - 4, scale.y(v) + 4,
                           v, escaped(chart.unit));
        out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"l m\">{:.0f} s</text>", scale.x(part * scale.last),
                           chart.height - 6, part * scale.last);
    }
    for (const auto& [t, what] : chart.marks)
        out += fmt::format(
            "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" class=\"k\"><title>{3}</title></line>",
            scale.x(std::min(t, scale.last)), kTop, chart.height - kBottom, escaped(what));
    if (chart.threshold)
        out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"h\"/>", kLeft,
                           chart.width - kRight, scale.y(*chart.threshold), scale.y(*chart.threshold));
    double legend = chart.width - kRight;
    for (const Line& line : chart.lines) {
        out += fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" points=\"", line.colour);
        for (const auto& [t, v] : line.points) out += fmt::format("{:.1f},{:.1f} ", scale.x(t), scale.y(v));
        out += "\"/>";
        out += fmt::format("<text x=\"{:.1f}\" y=\"14\" class=\"l e\" fill=\"{}\">{}</text>", legend, line.colour,
                           escaped(line.name));
        legend -= 8.0 * static_cast<double>(line.name.size()) + 16;
    }
    return out + "</svg>";
}

}  // namespace switchyard::control::rollout
