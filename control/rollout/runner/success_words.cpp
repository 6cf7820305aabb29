#include "control/rollout/runner/success_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace switchyard::control::rollout {

namespace {

// Below these a difference is nothing to speak of.
constexpr std::uint64_t kFewestChanged = 20;
constexpr double kTimes = 2.0, kSlower = 1.5, kLeastShare = 0.005, kLeastMs = 1.0;

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
    return out;
}

double share_of(std::uint64_t part, std::uint64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

std::string share_words(double share) {
    return share > 0.0 ? fmt::format("{:.2g} %", 100.0 * share) : std::string("none");
}

std::vector<std::string> not_compared(const Plan& plan, const SuccessFacts& outcome) {
    const auto any = [](const auto& levels, double tail) {
        return tail > 0.0 || std::ranges::any_of(levels, [](double t) { return t > 0.0; });
    };
    const bool latency = any(plan.latency_tolerate, plan.latency_tail);
    const bool whole = any(plan.duration_tolerate, plan.duration_tail);
    const bool held_heads = latency && outcome.frozen, held_wholes = whole && outcome.frozen_whole;
    std::vector<std::string> out;
    if (plan.errors_tolerate <= 0.0) out.emplace_back("failures (off in the plan)");
    if (!latency)
        out.emplace_back("latency (off in the plan)");
    else if (!outcome.frozen)
        out.push_back(fmt::format("latency ({} answered too few requests to know its quantiles)", plan.from));
    if (!whole)
        out.emplace_back("whole answers (off in the plan)");
    else if (!outcome.frozen_whole)
        out.push_back(fmt::format("whole answers ({} ended too few of them to know its quantiles)", plan.from));
    if (plan.answers_false_alarm <= 0.0) out.emplace_back("kinds of answers (off in the plan)");
    out.push_back(
        fmt::format("anything at 100 %, where there is nothing beside {}: failures were held against {:.3g} %{}",
                    plan.to, 100.0 * outcome.failure_limit,
                    held_heads || held_wholes ? fmt::format(", {} against {}'s from before",
                                                            !held_wholes  ? "latency"
                                                            : !held_heads ? "whole answers"
                                                                          : "latency and whole answers",
                                                            plan.from)
                                              : ""));
    return out;
}

void changed_answers(const Plan& plan, const SuccessFacts& outcome, std::vector<std::string>& out) {
    const bool tested = plan.answers_false_alarm > 0.0;
    // What was tested could only change unseen where nothing stood beside it.
    const analysis::ArmCounts& to = tested ? outcome.to_last : outcome.to;
    for (std::size_t i = 0; i < kAnswerKinds; ++i) {
        const double before = share_of(outcome.from.answers[i], outcome.from.attempts);
        const double now = share_of(to.answers[i], to.attempts);
        if (to.answers[i] < kFewestChanged || now < kLeastShare || now < kTimes * before) continue;
        out.push_back(fmt::format("{}: {} {}, {} {}", kAnswerWords[i].said, plan.from, share_words(before), plan.to,
                                  share_words(now)));
    }
}

// Of one level: "blue 6.5 ms, green 53 ms"; empty: it is no slower to speak of.
std::string slower(const Plan& plan, const Histogram& from, const Histogram& to, double q) {
    if (from.total() == 0 || to.total() < kFewestChanged) return {};
    const double before = static_cast<double>(from.quantile(q)) / 1000.0;
    const double now = static_cast<double>(to.quantile(q)) / 1000.0;
    if (now < before + kLeastMs || now < kSlower * before) return {};
    return fmt::format("{} {:.3g} ms, {} {:.3g} ms", plan.from, before, plan.to, now);
}

// An answer whose head is late is late as a whole: that is said once.
void changed_latency(const Plan& plan, const SuccessFacts& outcome, std::vector<std::string>& out) {
    for (std::size_t i = 0; i < analysis::kLevels; ++i) {
        const double q = analysis::kLevelQuantiles[i];
        if (const auto head = slower(plan, *outcome.from_latency, *outcome.to_latency, q); !head.empty())
            out.push_back(fmt::format("latency {}: {}", analysis::kLevelNames[i], head));
        else if (const auto whole = slower(plan, *outcome.from_whole, *outcome.to_whole, q); !whole.empty())
            out.push_back(fmt::format("whole answers {}: {}", analysis::kLevelNames[i], whole));
    }
}

}  // namespace

std::string success_words(const Plan& plan, const SuccessFacts& outcome) {
    if (plan.watch) return {};  // a switch that is watched compares nothing, and does not say otherwise
    std::string out = "Not compared: " + joined(not_compared(plan, outcome)) + ".";
    std::vector<std::string> changed;
    changed_answers(plan, outcome, changed);
    changed_latency(plan, outcome, changed);
    if (!changed.empty()) out += " Changed without being tested: " + joined(changed) + ".";
    return out;
}

}  // namespace switchyard::control::rollout
