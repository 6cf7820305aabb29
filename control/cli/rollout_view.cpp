#include "control/cli/rollout_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchyard::control::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBar = 30;

std::string bar(double part) {
    const auto full = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * kBar);
    return std::string(full, '#') + std::string(kBar - full, '.');
}

std::string number(const Json& of, const char* key) {
    const auto it = of.find(key);
    if (it == of.end() || it->is_null()) return "–";
    return it->is_number_float() ? fmt::format("{:.2f}", it->get<double>()) : it->dump();
}

std::string step_line(const Json& step, std::size_t index) {
    std::string what;
    for (const auto& [key, value] : step.items())
        if (key != "state")
            what +=
                (what.empty() ? "" : " ") + key + " " + (value.is_string() ? value.get<std::string>() : value.dump());
    return fmt::format("  {}. {:<28} {}", index + 1, what, step.value("state", ""));
}

std::string arm_line(const std::string& name, const char* since, const Json& arm) {
    const auto latency = arm.value("latency_ms", Json::object());
    return fmt::format("  {:<12} {:<13} {:>9} attempts {:>7} failures {:>6} %   p50 {:>6} p90 {:>6} p99 {:>6} ms", name,
                       since, number(arm, "attempts"), number(arm, "failures"), number(arm, "error_percent"),
                       number(latency, "p50"), number(latency, "p90"), number(latency, "p99"));
}

// Each colour in this step and in the whole rollout, so that there is something to compare with right after a step
// began, too; the old one's last minutes stand in where the rollout has not counted anything of it yet.
void arms(std::vector<std::string>& out, const Json& all) {
    for (const char* since : {"step", "rollout", "before"})
        for (const auto& [name, arm] : all.items()) {
            const Json& part = since == std::string_view("rollout") ? arm : arm.value(since, Json::object());
            if (part.value("attempts", 0) == 0 && (part.empty() || since == std::string_view("step"))) continue;
            out.push_back(arm_line(name,
                                   since == std::string_view("step")      ? "this step"
                                   : since == std::string_view("rollout") ? "whole rollout"
                                                                          : "just before",
                                   part));
        }
}

}  // namespace

std::vector<std::string> rollout_lines(const Json& r) {
    std::vector<std::string> out;
    out.push_back(fmt::format("rollout {}  {}  route {}: {} → {}  step {} of {}  weight {} %", r.value("id", ""),
                              r.value("state", ""), r.value("route", ""), r.value("from", ""), r.value("to", ""),
                              number(r, "step"), number(r, "of_steps"), number(r, "weight_in_force")));
    if (!r.value("why", "").empty()) out.push_back("  " + r.value("why", ""));
    std::size_t index = 0;
    for (const auto& step : r.value("steps", Json::array())) out.push_back(step_line(step, index++));
    if (r.contains("arms")) arms(out, r["arms"]);
    for (const auto& row : r.value("evidence", Json::array()))
        out.push_back(fmt::format("  {:<22} [{}] {:>6.2f} of {:.2f}", row.value("test", ""),
                                  bar(row.value("part", 0.0)), row.value("ln_e", 0.0), row.value("threshold", 0.0)));
    if (r.contains("promotion") && !r["promotion"].value("why", "").empty())
        out.push_back("  next step: " + r["promotion"].value("why", ""));
    return out;
}

}  // namespace switchyard::control::cli
