#include "control/rollout/runner/report_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/base/evidence_words.h"
#include "control/rollout/render_plan.h"
#include "control/rollout/runner/view.h"
#include "control/ui/report_script.h"

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;

// Beside the dashboard's.
constexpr const char* kStyle =
    ".report{max-width:66rem;margin:0 auto;padding:1.6rem 1.2rem 4rem;display:flex;flex-direction:column;gap:1rem}"
    ".bar{background:var(--line);width:12em;height:.6em;margin:.4em 0;border-radius:1em;overflow:hidden}"
    ".bar i{display:block;background:var(--arm3);height:100%}.idle{color:var(--quiet)}"
    ".idle .bar i{background:var(--line-strong)}.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".n,.o{white-space:nowrap}";

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

// What is drawn, as the script reads it. It ends no element, whatever stands in a name.
std::string drawn(const Json& report) {
    Json out;
    for (const char* key : {"from", "to", "weight_in_force", "timeline", "evidence"})
        out[key] = report.value(key, Json());
    std::string text;
    for (const char c : out.dump())
        if (c == '<')
            text += "\\u003c";
        else
            text += c;
    return text;
}

std::string part(const std::string& title, const std::string& body) {
    return "<section class=\"panel\"><h2>" + title + "</h2>" + body + "</section>";
}

std::string evidence_table(const Json& shown) {
    std::string out =
        "<table><tr><th>test</th><th>how far</th><th class=\"n\">of the way</th><th>odds</th><th>why it is "
        "idle</th></tr>";
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
    std::string out = "<table><tr><th>no.</th><th>step</th><th>state</th><th>left</th></tr>";
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
        "<table><tr><th>release</th><th class=\"n\">requests</th><th class=\"n\">failed</th><th class=\"n\">%</th><th "
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
    return rows.empty() ? "" : part("Where it came from", "<table>" + rows + "</table>");
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
    const Json shown = report(rollout);
    const std::string title =
        escaped(fmt::format("Rollout {}: {} from {} to {}", rollout.id(), plan.route, plan.from, plan.to));
    const auto promise = plan.watch ? "" : "<p>Stated: " + escaped(promise_words(plan)) + ".</p>";
    std::string out = fmt::format(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><meta "
        "http-equiv=\"Content-Security-Policy\" content=\"{}\"><title>"
        "{}</title><style>{}{}</style></head><body><main class=\"report\"><h1>{}</h1>",
        report_policy(), title, report_style(), kStyle, title);
    out += fmt::format("<p><span class=\"state\">{}</span>: {}</p>", word(machine.state()), escaped(rollout.why()));
    out += part("Steps", steps_table(shown));
    out +=
        "<div id=\"pictures\"><noscript>The pictures need JavaScript; what they show stands in the JSON "
        "report.</noscript></div>";
    out += part("Both releases", arms_table(shown) + taken_out_list(shown));
    out += marks_table(shown);
    out += part("Evidence", evidence_table(shown));
    out += part("Journal", journal_table(rollout));
    out += part("Plan", promise + "<pre>" + escaped(render_plan(plan).dump(2)) + "</pre>");
    return out + "</main><script type=\"application/json\" id=\"report\">" + drawn(shown) + "</script><script>" +
           report_script() + "</script></body></html>\n";
}

}  // namespace switchyard::control::rollout
