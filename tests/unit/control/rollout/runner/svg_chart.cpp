#include "control/rollout/runner/svg_chart.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace switchyard::control::rollout;

namespace {

Chart some() {
    Chart chart{"Failed requests", "%", {{"blue", "#00f", {}}, {"green", "#0f0", {}}}, {}, {}};
    for (int i = 0; i <= 100; ++i) {
        chart.lines[0].points.emplace_back(i, 0.00123);
        chart.lines[1].points.emplace_back(i, 0.0123);
    }
    return chart;
}

bool has(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a legend keeps its colours whatever the page's style says") {
    const std::string drawn = svg(some());
    CHECK(has(drawn, "style=\"fill:#00f\">blue<"));
    CHECK(has(drawn, "style=\"fill:#0f0\">green<"));
    CHECK_FALSE(has(drawn, " fill=\""));
}

TEST_CASE("labels are short and end inside the picture") {
    const std::string drawn = svg(some());
    CHECK(has(drawn, ">0.02 %<"));
    CHECK(has(drawn, ">0.01 %<"));
    CHECK(has(drawn, "class=\"l s\">0 s<"));
    CHECK(has(drawn, "class=\"l e\">100 s<"));
    Chart large = some();
    large.lines[0].points.emplace_back(7200.0, 98'765.0);
    CHECK(has(svg(large), ">100000 %<"));
    CHECK(has(svg(large), ">1 h<") == false);
    CHECK(has(svg(large), ">60 min<"));
    CHECK(has(svg(large), ">2 h<"));
}

TEST_CASE("what is stepped holds its value until the next point, and one point alone is seen") {
    Chart chart{"Weight", "%", {{"", "#0f0", {{0.0, 5.0}, {10.0, 50.0}}, true}}, {}, {}};
    chart.least_top = 100;
    const std::string drawn = svg(chart);
    const auto at = drawn.find("points=\"") + 8;
    const std::string points = drawn.substr(at, drawn.find('"', at) - at);
    int count = 0;
    for (const char c : points) count += c == ',';
    CHECK(count == 3);
    CHECK(has(drawn, ">100 %<"));
    chart.lines[0].points = {{1.0, 5.0}};
    CHECK(has(svg(chart), "<circle "));
    chart.lines[0].points.clear();
    CHECK_FALSE(has(svg(chart), "<circle "));
}

TEST_CASE("what happened is written beside its line where there is room, and nothing is drawn over") {
    Chart chart = some();
    chart.marks = {{0.0, "5 %"}, {1.0, "25 %"}, {50.0, "100 <%>"}};
    const std::string drawn = svg(chart);
    CHECK(has(drawn, "class=\"l\">5 %<"));
    CHECK_FALSE(has(drawn, "class=\"l\">25 %<"));
    CHECK(has(drawn, "<title>25 %</title>"));
    CHECK(has(drawn, ">100 &lt;%&gt;<"));
}
