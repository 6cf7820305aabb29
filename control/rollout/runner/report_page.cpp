#include "control/rollout/runner/report_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/base/evidence_words.h"
#include "control/rollout/render_plan.h"
#include "control/rollout/runner/svg_chart.h"
#include "control/rollout/runner/view.h"

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStyle =
    "body{font:14px/1.5 system-ui,sans-serif;max-width:900px;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2em .6em;border-bottom:1px solid #ddd;"
    "vertical-align:top}svg{width:100%;margin:.5em 0}.t{font-weight:600;font-size:13px}.l{font-size:11px;fill:#666}"
    ".e{text-anchor:end}.m{text-anchor:middle}.s{text-anchor:start}.g{stroke:#eee}.h{stroke:#c00;stroke-dasharray:4 3}"
    ".k{stroke:#bbb;stroke-dasharray:1 3}.state{font-weight:600}.bar{background:#eee;width:14em;height:.8em}"
    ".bar i{display:block;background:#c60;height:100%}.idle{color:#777}.idle .bar i{background:#aaa}"
    ".n{text-align:right}.n,.o{white-space:nowrap}"
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
    constexpr double kAll = 100;
    Chart weight{"Weight of " + plan.to, "%", {{"", kTo, {}, true}}, {}, {}};
    weight.least_top = kAll;
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
    // What became of it comes after the last look.
    if (!rollout.timeline().samples().empty())
        weight.lines[0].points.emplace_back(rollout.timeline().samples().back().at,
                                            static_cast<double>(rollout.weight_in_force()) / 10'000.0);
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
        constexpr double kFull = 100, kWidth = 290, kHeight = 120;
        Chart chart{timeline.tests()[test], "%", {{"", "#c60", {}}}, kFull, weights, kWidth, kHeight};
        for (const Sample& s : timeline.samples())
            if (test < s.evidence.size())
                chart.lines[0].points.emplace_back(s.at, kFull * std::max(0.0, s.evidence[test]));
        out += svg(chart);
    }
    return out + "</div>";
}

std::string evidence_table(const Json& shown) {
    std::string out = "<table><tr><th>test</th><th></th><th class=\"n\">of the way</th><th>odds</th><th></th></tr>";
    for (const Json& row : shown["evidence"]) {
        const std::string idle = row["idle"];
        const double part = 100.0 * row["part"].get<double>();
        out += fmt::format(
            "<tr{}><td>{}</td><td><div class=\"bar\"><i style=\"width:{:.0f}%\"></i></div></td><td "
            "class=\"n\">{:.0f} %</td><td class=\"o\">{}</td><td>{}</td></tr>",
            row["acts"].get<bool>() ? "" : " class=\"idle\"", escaped(row["test"].get<std::string>()), part, part,
            odds_words(row["ln_e"]), escaped(idle));
    }
    return out + "</table>";
}

std::string steps_table(const Json& shown) {
    std::string out = "<table><tr><th></th><th>step</th><th>state</th><th></th></tr>";
    std::size_t number = 0;
    for (const Json& step : shown["steps"]) {
        const std::string what =
            step.contains("weight") ? fmt::format("{} % for at least {}", step["weight"].dump(), step.value("bake", ""))
            : step.contains("header_only") ? "by rule only, " + step.value("header_only", "")
                                           : "pause";
        const std::string waited = step.value("waited", ""), left = step.value("left", "");
        out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", ++number, escaped(what),
                           escaped(step.value("state", "")),
                           escaped(waited + (waited.empty() || left.empty() ? "" : "; ") + left));
    }
    return out + "</table>";
}

std::string arms_table(const Json& shown) {
    const auto cell = [](const Json& of, const char* key) {
        const auto found = of.find(key);
        return found == of.end() || found->is_null() ? std::string("–")
               : found->is_number_float()            ? fmt::format("{:.2f}", found->get<double>())
                                                     : found->dump();
    };
    std::string out =
        "<table><tr><th></th><th class=\"n\">requests</th><th class=\"n\">failed</th><th class=\"n\">%</th><th "
        "class=\"n\">p50 ms</th><th class=\"n\">p90 ms</th><th class=\"n\">p99 ms</th></tr>";
    for (const auto& [name, arm] : shown["arms"].items()) {
        const Json latency = arm.value("latency_ms", Json::object());
        out += "<tr><td>" + escaped(name) + "</td>";
        for (const char* key : {"attempts", "failures", "error_percent"})
            out += "<td class=\"n\">" + cell(arm, key) + "</td>";
        for (const char* key : {"p50", "p90", "p99"}) out += "<td class=\"n\">" + cell(latency, key) + "</td>";
        out += "</tr>";
    }
    out += "</table>";
    if (const Json slow = shown.value("slow_beyond_ms", Json::object()); !slow.empty())
        out += fmt::format("<p>Slow is beyond what {} kept before, and a margin: p50 {} ms, p90 {} ms, p99 {} ms.</p>",
                           escaped(shown.value("from", "")), cell(slow, "p50"), cell(slow, "p90"), cell(slow, "p99"));
    return out;
}

std::string taken_out_list(const Json& shown) {
    std::string out;
    const Json taken_out = shown.value("taken_out", Json::object());
    const Json endpoints = taken_out.value("endpoints", Json::object());
    for (const auto& [address, why] : endpoints.items())
        out += fmt::format("<p>Taken out by its checks: {} of the {} endpoints of {}: {}</p>", escaped(address),
                           taken_out.value("of", 0), escaped(shown.value("to", "")), escaped(why.get<std::string>()));
    return out;
}

// Empty: nothing was noted.
std::string marks_table(const Json& shown) {
    std::string rows;
    for (const auto& [arm, groups] : shown["marks"].items())
        for (const auto& [group, places] : groups.items())
            rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", escaped(group), escaped(arm),
                                escaped(places.value("where", "")));
    return rows.empty() ? "" : "<h2>Where it came from</h2><table>" + rows + "</table>";
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
    const Json shown = view(rollout);
    const std::string title =
        escaped(fmt::format("Rollout {}: {} from {} to {}", rollout.id(), plan.route, plan.from, plan.to));
    return fmt::format(
        "<!doctype html><html lang=\"en\"><head><meta "
        "charset=\"utf-8\"><title>{0}</title><style>{1}</style></head><body>"
        "<h1>{0}</h1><p><span class=\"state\">{2}</span>: {3}</p>{4}{5}{6}{7}<h2>Evidence</h2>{8}"
        "<p>Over time, as a part of the way to what acts (dashed).</p>{9}<h2>Journal</h2>{10}"
        "<h2>Plan</h2>{12}<pre>{11}</pre></body></html>\n",
        title, kStyle, word(machine.state()), escaped(rollout.why()), steps_table(shown), charts(rollout),
        arms_table(shown) + taken_out_list(shown), marks_table(shown), evidence_table(shown), evidence_charts(rollout),
        journal_table(rollout), escaped(render_plan(plan).dump(2)),
        plan.watch ? "" : "<p>Stated: " + escaped(promise_words(plan)) + ".</p>");
}

}  // namespace switchyard::control::rollout
