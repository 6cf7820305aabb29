#include "control/rollout/runner/report_page.h"

#include <fmt/format.h>

#include "control/rollout/render_plan.h"
#include "control/rollout/runner/svg_chart.h"
#include "control/rollout/runner/view.h"

namespace switchyard::control::rollout {

namespace {

constexpr const char* kStyle =
    "body{font:14px/1.5 system-ui,sans-serif;max-width:900px;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2em .6em;border-bottom:1px solid #ddd;"
    "vertical-align:top}svg{width:100%;margin:.5em 0}.t{font-weight:600;font-size:13px}.l{font-size:11px;fill:#666}"
    ".e{text-anchor:end}.m{text-anchor:middle}.g{stroke:#eee}.h{stroke:#c00;stroke-dasharray:4 3}"
    ".k{stroke:#bbb;stroke-dasharray:1 3}.state{font-weight:600}.bar{background:#eee;width:14em;height:.8em}"
    ".bar i{display:block;background:#c60;height:100%}"
    ".many{display:grid;grid-template-columns:repeat(3,1fr)}pre{overflow:auto;background:#f6f6f6;padding:.6em}";
constexpr const char* kFrom = "#1f6feb";
constexpr const char* kTo = "#1a7f37";

double rate(const ArmSample& arm) {
    return arm.attempts == 0 ? 0.0 : 100.0 * static_cast<double>(arm.failures) / static_cast<double>(arm.attempts);
}

// Where the weight changed: the lines that every chart shows.
std::vector<std::pair<double, std::string>> changes(const Timeline& timeline) {
    std::vector<std::pair<double, std::string>> out;
    Ppm before = 0;
    for (const Sample& s : timeline.samples()) {
        if (s.weight != before) out.emplace_back(s.at, percent_text(s.weight));
        before = s.weight;
    }
    return out;
}

std::string charts(const LiveRollout& rollout) {
    const Plan& plan = rollout.machine().plan();
    Chart weight{"Weight of " + plan.to, "%", {{"weight", kTo, {}}}, {}, {}};
    Chart errors{"Failed requests", "%", {{plan.from, kFrom, {}}, {plan.to, kTo, {}}}, {}, {}};
    Chart latency{"Latency p50 and p99 of the step so far",
                  "ms",
                  {{plan.from + " p50", kFrom, {}},
                   {plan.to + " p50", kTo, {}},
                   {plan.from + " p99", "#8bb8ff", {}},
                   {plan.to + " p99", "#7fd099", {}}},
                  {},
                  {}};
    for (const Sample& s : rollout.timeline().samples()) {
        weight.lines[0].points.emplace_back(s.at, static_cast<double>(s.weight) / 10'000.0);
        errors.lines[0].points.emplace_back(s.at, rate(s.from));
        errors.lines[1].points.emplace_back(s.at, rate(s.to));
        std::size_t line = 0;
        for (const auto us : {s.from.p50_us, s.to.p50_us, s.from.p99_us, s.to.p99_us}) {
            // No answer in the step yet: nothing to draw, which is not a latency of nothing.
            if (us > 0) latency.lines[line].points.emplace_back(s.at, static_cast<double>(us) / 1000.0);
            ++line;
        }
    }
    std::string out;
    for (Chart* chart : {&weight, &errors, &latency}) {
        chart->marks = changes(rollout.timeline());
        out += svg(*chart);
    }
    return out;
}

// One small chart for each test, all of one size: what came near, and when.
std::string evidence_charts(const LiveRollout& rollout) {
    const Timeline& timeline = rollout.timeline();
    const auto weights = changes(timeline);
    std::string out = "<div class=\"many\">";
    for (std::size_t test = 0; test < timeline.tests().size(); ++test) {
        Chart chart{timeline.tests()[test], "", {{"", "#c60", {}}}, 1.0, weights, 290, 120};
        for (const Sample& s : timeline.samples())
            if (test < s.evidence.size()) chart.lines[0].points.emplace_back(s.at, std::max(0.0, s.evidence[test]));
        out += svg(chart);
    }
    return out + "</div>";
}

std::string evidence_table(const LiveRollout& rollout) {
    std::string out = "<table><tr><th>test</th><th>ln E</th><th>acts at</th><th></th></tr>";
    for (const analysis::Row& row : rollout.analysis().rows())
        out += fmt::format(
            "<tr><td>{}</td><td>{:.2f}</td><td>{:.2f}</td><td><div class=\"bar\"><i style=\"width:{:.0f}%\"></i></div>"
            "</td></tr>",
            escaped(row.test), row.ln_e, row.threshold, 100.0 * std::clamp(row.ln_e / row.threshold, 0.0, 1.0));
    return out + "</table>";
}

std::string journal_table(const LiveRollout& rollout) {
    std::string out = "<table><tr><th>when</th><th>what</th><th>weight</th><th>by</th><th>why</th></tr>";
    for (const Record& r : rollout.journal()) {
        std::string why = escaped(r.why);
        if (!r.detail.is_null() && r.kind != Record::Kind::started)
            why += "<pre>" + escaped(r.detail.dump(2)) + "</pre>";
        out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", escaped(r.at),
                           word(r.kind), percent_text(r.weight), escaped(r.by), why);
    }
    return out + "</table>";
}

}  // namespace

std::string report_page(const LiveRollout& rollout) {
    const Machine& machine = rollout.machine();
    const Plan& plan = machine.plan();
    const std::string title =
        escaped(fmt::format("Rollout {}: {} from {} to {}", rollout.id(), plan.route, plan.from, plan.to));
    return fmt::format(
        "<!doctype html><html lang=\"en\"><head><meta "
        "charset=\"utf-8\"><title>{0}</title><style>{1}</style></head><body>"
        "<h1>{0}</h1><p><span class=\"state\">{2}</span>: {3}</p>{4}<h2>Evidence</h2>{5}"
        "<p>Over time, as a part of the threshold (dashed).</p>{6}<h2>Journal</h2>{7}"
        "<h2>Plan</h2><pre>{8}</pre></body></html>\n",
        title, kStyle, word(machine.state()), escaped(machine.why()), charts(rollout), evidence_table(rollout),
        evidence_charts(rollout), journal_table(rollout), escaped(render_plan(plan).dump(2)));
}

}  // namespace switchyard::control::rollout
