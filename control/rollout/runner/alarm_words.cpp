#include "control/rollout/runner/alarm_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "control/analysis/slo_guard.h"

namespace switchyard::control::rollout {

namespace {

double percent_of(std::uint64_t part, std::uint64_t whole) {
    return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

std::string failed_words(std::uint64_t failed, std::uint64_t asked, const std::string& where) {
    return fmt::format("{} of {} requests to {} failed ({:.3g} %)", failed, asked, where, percent_of(failed, asked));
}

std::string both_failed(const analysis::Alarm& alarm, const Plan& plan) {
    return fmt::format("{}, of {}'s {:.3g} %", failed_words(alarm.canary.failures, alarm.canary.attempts, plan.to),
                       plan.from, percent_of(alarm.baseline.failures, alarm.baseline.attempts));
}

// A threshold is the logarithm of how many innocent rollouts it takes until luck alone has passed it once.
std::string luck(const analysis::Alarm& alarm) {
    return fmt::format(" By luck once in {:.0f} rollouts.", std::exp(std::min(alarm.threshold, 30.0)));
}

// Slower than so many times what nearly all of the old release's kept.
std::string tail_words(const analysis::Alarm& alarm, const Plan& plan, double tolerate,
                       const std::optional<analysis::FrozenQuantiles>& frozen) {
    const std::string than =
        frozen ? fmt::format("{:.3g} ms", static_cast<double>(Histogram::upper(frozen->tail())) / 1000.0) : "that";
    return fmt::format(
        "{} of {} requests to {} ({:.3g} %) took longer than {}, {} times {}'s p99; of {}'s {:.3g} %. "
        "Tolerated: {:.3g} times as many.",
        alarm.canary_marks, alarm.canary_asked, plan.to, percent_of(alarm.canary_marks, alarm.canary_asked), than,
        analysis::kTailTimes, plan.from, plan.from, percent_of(alarm.baseline_marks, alarm.baseline_asked), tolerate);
}

std::string latency_words(const analysis::Alarm& alarm, const Plan& plan, std::size_t level, double tolerate,
                          const std::optional<analysis::FrozenQuantiles>& frozen) {
    const auto ms = [](std::uint64_t us) { return static_cast<double>(us) / 1000.0; };
    const std::string than =
        frozen ? fmt::format("{:.3g} ms, a margin beyond the {:.3g} ms that {:.0f} % of {}'s kept",
                             ms(frozen->limit_us(level)), ms(frozen->microseconds(level)),
                             100.0 * analysis::kLevelQuantiles[level], plan.from)
               : fmt::format("{:.0f} % of {}'s did", 100.0 * analysis::kLevelQuantiles[level], plan.from);
    return fmt::format(
        "{} of {} requests to {} ({:.3g} %) took longer than {}; of {}'s {:.3g} %. Tolerated: {:.3g} times as many.",
        alarm.canary_marks, alarm.canary_asked, plan.to, percent_of(alarm.canary_marks, alarm.canary_asked), than,
        plan.from, percent_of(alarm.baseline_marks, alarm.baseline_asked), tolerate);
}

std::string measured(const analysis::Alarm& alarm, const Plan& plan,
                     const std::optional<analysis::FrozenQuantiles>& frozen) {
    for (std::size_t i = 0; i < analysis::kLevels; ++i)
        for (const auto& [name, tolerate] :
             {std::pair{"latency_", &plan.latency_tolerate}, {"duration_", &plan.duration_tolerate}})
            if (alarm.test.starts_with(std::string(name) + analysis::kLevelNames[i]))
                return latency_words(alarm, plan, i, (*tolerate)[i], frozen) + luck(alarm);
    for (const auto& [name, tolerate] :
         {std::pair{"latency_tail", plan.latency_tail}, {"duration_tail", plan.duration_tail}})
        if (alarm.test.starts_with(name)) return tail_words(alarm, plan, tolerate, frozen) + luck(alarm);
    for (const AnswerWords& kind : kAnswerWords)
        if (alarm.test == "answers_" + std::string(kind.name))
            return fmt::format(
                       "{} of {} requests to {} ({:.3g} %) were {}, of {}'s {:.3g} %. Tolerated: twice as many.",
                       alarm.canary_marks, alarm.canary_asked, plan.to,
                       percent_of(alarm.canary_marks, alarm.canary_asked), kind.said, plan.from,
                       percent_of(alarm.baseline_marks, alarm.baseline_asked)) +
                   luck(alarm);
    if (alarm.test == "slo_errors")
        return fmt::format(
            "alone at {:.3g} %: {}; allowed are {:.3g} %{}.{}", 100.0 * alarm.share,
            failed_words(alarm.canary_marks, alarm.canary_asked, plan.to), 100.0 * alarm.limit,
            plan.slo_success_percent ? " (slo.success_percent)"
            : alarm.limit > analysis::SloGuard::kDefaultLimit
                ? fmt::format(" ({:.3g} times what {} did)", std::max(1.0, plan.errors_tolerate), plan.from)
                : "",
            luck(alarm));
    if (alarm.test == "slo_p99")
        return fmt::format(
            "alone at {:.3g} %: {} of {} requests to {} ({:.3g} %) took longer than the limit of {} ms, which 99 % "
            "must "
            "keep.{}",
            100.0 * alarm.share, alarm.canary_marks, alarm.canary_asked, plan.to,
            percent_of(alarm.canary_marks, alarm.canary_asked), plan.slo_p99.value_or(Duration{0}).count(),
            luck(alarm));
    if (alarm.test == "latency_alone" || alarm.test == "duration_alone")
        return fmt::format(
            "alone, {} of the last {} requests to {} ({:.3g} %) took longer than {}'s p99{} or twice its p90.",
            alarm.canary_marks, alarm.canary_asked, plan.to, percent_of(alarm.canary_marks, alarm.canary_asked),
            plan.from,
            frozen ? fmt::format(" of {:.3g} ms", static_cast<double>(frozen->microseconds(2)) / 1000.0) : "");
    if (alarm.test == "last_twenty")
        return fmt::format("the last {} requests to {} failed, all of them, and there is nothing to compare with.",
                           alarm.canary_asked, plan.to);
    if (alarm.test == "extra_failures")
        return both_failed(alarm, plan) +
               fmt::format("; that is close to the cap of {} more than {} would have failed.", plan.max_extra_failures,
                           plan.from) +
               luck(alarm);
    return both_failed(alarm, plan) + fmt::format(". Tolerated: {:.3g} times as many.", plan.errors_tolerate) +
           luck(alarm);
}

}  // namespace

std::string marks_of(const std::string& test) {
    if (test.starts_with("answers_")) return test.substr(std::string_view("answers_").size());
    if (test.starts_with("latency_tail")) return "tail";
    if (test.starts_with("latency_") || test == "slo_p99") return "slow";
    if (test.starts_with("duration_tail")) return "late_tail";
    if (test.starts_with("duration_")) return "late";
    const bool failures = test == "slo_errors" || test == "last_twenty" || test == "errors" || test == "extra_failures";
    return failures ? "failed" : "";
}

std::string alarm_words(const analysis::Alarm& alarm, const Plan& plan,
                        const std::optional<analysis::FrozenQuantiles>& frozen, const nlohmann::ordered_json& endpoints,
                        const MarkPlaces& places, const std::string& users) {
    std::string name = alarm.test;
    if (name.ends_with("_shift")) name.erase(name.size() - 6);
    std::ranges::replace(name, '_', ' ');
    std::string out = name + ": " + measured(alarm, plan, frozen);
    if (!users.empty()) out += " " + users;
    if (const auto* group = places.canary(marks_of(alarm.test)); group != nullptr)
        if (const std::string where = where_words(*group, places.baseline(marks_of(alarm.test))); !where.empty())
            return out + " " + where;
    constexpr std::size_t kNamed = 3;
    std::size_t named = 0;
    for (const auto& [address, failures] : endpoints.items()) {
        if (named == kNamed) break;
        out += fmt::format("{} {} ({})", named++ == 0 ? " Failed at" : ",", address, failures.dump());
    }
    return named > 0 ? out + "." : out;
}

}  // namespace switchyard::control::rollout
