#include "control/cli/rollout_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/base/evidence_words.h"

namespace switchyard::control::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBar = 30;

// Grey, as far as a pipe can show it, where reaching the end would not roll back.
std::string bar(double part, bool acts) {
    const auto full = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * kBar);
    return std::string(full, acts ? '#' : '-') + std::string(kBar - full, '.');
}

// How far on the way to a rollback, and the odds that stand behind it.
std::string evidence_line(const Json& row) {
    const double part = row.value("part", 0.0);
    const std::string idle = row.value("idle", "");
    return fmt::format("  {:<22} [{}] {:>3.0f} % of the way, {}{}", row.value("test", ""),
                       bar(part, row.value("acts", true)), 100.0 * part, odds_words(row.value("ln_e", 0.0)),
                       idle.empty() || part <= 0.0 ? "" : " (" + idle + ")");
}

std::string number(const Json& of, const char* key) {
    const auto it = of.find(key);
    if (it == of.end() || it->is_null()) return "–";
    return it->is_number_float() ? fmt::format("{:.2f}", it->get<double>()) : it->dump();
}

bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
    return std::ranges::any_of(words, [&](const char* one) { return word == one; });
}

std::string step_line(const Json& step, std::size_t index, const std::string& baked) {
    std::string what;
    for (const auto& [key, value] : step.items()) {
        if (is_one_of(key, {"state", "waited", "left"})) continue;
        what += (what.empty() ? "" : " ") + key;
        if (!value.is_object()) what += " " + (value.is_string() ? value.get<std::string>() : value.dump());
        if (key == "weight") what += " %";
    }
    std::string state = step.value("state", "");
    if (step.contains("bake") && is_one_of(state, {"running", "paused", "inconclusive"})) state += ", baked " + baked;
    for (const char* key : {"waited", "left"})
        if (step.contains(key)) state += (std::string_view(key) == "left" ? "; " : ", ") + step.value(key, "");
    return fmt::format("  {}. {:<28} {}", index + 1, what, state);
}

// "  slow at green: Mostly GET /a (3 of 4); endpoint 127.0.0.1:9002."
void marks(std::vector<std::string>& out, const Json& all) {
    for (const auto& [arm, groups] : all.items())
        for (const auto& [group, places] : groups.items())
            if (const auto where = places.value("where", ""); !where.empty()) {
                std::string name = group;
                std::ranges::replace(name, '_', ' ');
                out.push_back(fmt::format("  {} at {}: {}", name, arm, where));
            }
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
            // A whole rollout without a request is worth its line; a step or a past without one is not.
            if (part.value("attempts", 0) == 0 && since != std::string_view("rollout")) continue;
            out.push_back(arm_line(name,
                                   since == std::string_view("step")      ? "this step"
                                   : since == std::string_view("rollout") ? "whole rollout"
                                                                          : "just before",
                                   part));
        }
}

}  // namespace

bool rollout_ended(const Json& rollout) {
    // A watch that came to no end is inconclusive and over: it has let the route go.
    const auto state = rollout.value("state", "");
    return is_one_of(state, {"succeeded", "rolled_back", "aborted"}) ||
           (state == "inconclusive" && !rollout.value("holds_route", true));
}

std::string rollout_line(const Json& r) {
    std::string weight = number(r, "weight_in_force") + " %";
    if (number(r, "weight") != number(r, "weight_in_force")) weight += ", " + number(r, "weight") + " % on its way";
    return fmt::format("rollout {}  {}  route {}: {} → {}  step {} of {}  weight {}", r.value("id", ""),
                       r.value("state", ""), r.value("route", ""), r.value("from", ""), r.value("to", ""),
                       number(r, "step"), number(r, "of_steps"), weight);
}

std::vector<std::string> rollout_lines(const Json& r) {
    std::vector<std::string> out{rollout_line(r)};
    if (!r.value("why", "").empty()) out.push_back("  " + r.value("why", ""));
    if (r.contains("publish_problem")) out.push_back("  PROBLEM: " + r.value("publish_problem", ""));
    std::size_t index = 0;
    for (const auto& step : r.value("steps", Json::array()))
        out.push_back(step_line(step, index++, r.value("baked", "")));
    if (r.contains("arms")) arms(out, r["arms"]);
    for (const auto& [key, what] : {std::pair{"slow_beyond_ms", "slow"}, {"long_beyond_ms", "slow to its last octet"}})
        if (const auto slow = r.value(key, Json::object()); !slow.empty())
            out.push_back(fmt::format("  {} is beyond what {} kept before, and a margin: p50 {} p90 {} p99 {} ms", what,
                                      r.value("from", ""), number(slow, "p50"), number(slow, "p90"),
                                      number(slow, "p99")));
    if (r.value("keyless_requests", 0) > 0)
        out.push_back(
            fmt::format("  {} requests had no sticky key: they are not compared", number(r, "keyless_requests")));
    for (const auto& row : r.value("evidence", Json::array())) out.push_back(evidence_line(row));
    const Json failing = r.value("failing_endpoints", Json::object());
    const bool told = r.contains("marks") && r["marks"].value(r.value("to", ""), Json::object()).contains("failed");
    for (const auto& [address, failures] : failing.items())
        if (!told) out.push_back(fmt::format("  failed at {}: {}", address, failures.dump()));
    if (r.contains("marks")) marks(out, r["marks"]);
    const Json taken_out = r.value("taken_out", Json::object());
    const Json out_of_service = taken_out.value("endpoints", Json::object());
    for (const auto& [address, why] : out_of_service.items())
        out.push_back(fmt::format("  taken out by its checks: {} of the {} endpoints of {}{}", address,
                                  number(taken_out, "of"), r.value("to", ""),
                                  why == "" ? "" : ": " + why.get<std::string>()));
    const Json checks = r.value("checks", Json::array());
    for (const auto& check : checks)
        out.push_back(fmt::format("  check {}: {} of {} failures in a row{}{}", check.value("name", ""),
                                  number(check, "failures"), number(check, "of"),
                                  check.value("last", "").empty() ? "" : ", last: ", check.value("last", "")));
    // What a running step waits for stands above already.
    const std::string promotion = r.value("promotion", Json::object()).value("why", "");
    if (!rollout_ended(r) && !promotion.empty() && r.value("why", "").find(promotion) == std::string::npos)
        out.push_back("  next step: " + promotion);
    return out;
}

}  // namespace switchyard::control::cli
