#include "bench/yardbench/switching/switch_figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/yardbench/report/figures.h"

namespace yardbench {
namespace {

constexpr std::size_t kLinesShown = 20;

Histogram answered_in(const SwitchVerdict& verdict) {
    Histogram h;
    for (const SwitchReport& report : verdict.switches)
        if (report.answer.ok) h.record(report.answer.answered - report.answer.asked);
    return h;
}

std::string line(std::size_t number, const SwitchReport& r) {
    if (!r.answer.ok) return fmt::format("{:>6}  {:<10} REFUSED: {}\n", number, r.answer.to, r.answer.detail);
    return fmt::format("{:>6}  {:<10}{:>12}{:>12}{:>12}{:>8}{:>12}{:>9}{:>14}\n", number, r.answer.to,
                       r.answer.generation, duration_text(r.answer.answered - r.answer.asked), r.sent_after, r.stale,
                       r.stale == 0 ? "-" : duration_text(r.stale_until), r.failed, duration_text(r.p99_around));
}

}  // namespace

std::string to_text(const SwitchVerdict& verdict) {
    std::string out =
        fmt::format("{:>6}  {:<10}{:>12}{:>12}{:>12}{:>8}{:>12}{:>9}{:>14}\n", "switch", "to", "generation",
                    "answered in", "sent after", "stale", "stale until", "failed", "p99 around it");
    std::size_t hidden = 0;
    for (std::size_t i = 0; i < verdict.switches.size(); ++i) {
        const SwitchReport& report = verdict.switches[i];
        const bool bad = !report.answer.ok || report.stale > 0 || report.failed > 0;
        if (i < kLinesShown / 2 || (bad && i < 10 * kLinesShown) || i + 2 >= verdict.switches.size())
            out += line(i + 1, report);
        else
            ++hidden;
    }
    if (hidden > 0) out += fmt::format("        ({} switches like the first are not shown)\n", hidden);
    const Histogram answered = answered_in(verdict);
    const auto n = std::max<std::uint64_t>(1, answered.total());
    out += fmt::format("switches  {} answered in p50 {}  p99 {}  max {}; {} refused\n", answered.total(),
                       quantile_text(answered, 0.5), quantile_text(answered, 0.99), quantile_text(answered, 1),
                       verdict.refused_switches);
    out += fmt::format("stale     {} ({:.1f} per switch) of {} requests\n", verdict.stale,
                       static_cast<double>(verdict.stale) / static_cast<double>(n), verdict.requests);
    out += fmt::format("failed    {} ({:.1f} per switch)\n", verdict.failed,
                       static_cast<double>(verdict.failed) / static_cast<double>(n));
    if (verdict.unjudged > 0)
        out += fmt::format(
            "UNJUDGED  {} answers had nothing to compare: no known colour (--colour-header, --colours), and no "
            "generation that the switch gives too (--admin)\n",
            verdict.unjudged);
    else if (verdict.judged == 0)
        out += "UNJUDGED  no answer was sent after a switch that was done\n";
    return out;
}

nlohmann::json to_json(const SwitchVerdict& verdict) {
    nlohmann::json out{{"requests", verdict.requests},
                       {"failed", verdict.failed},
                       {"stale", verdict.stale},
                       {"refused_switches", verdict.refused_switches},
                       {"unjudged", verdict.unjudged},
                       {"judged", verdict.judged},
                       {"answered_in_ms", to_json(answered_in(verdict))},
                       {"clean", verdict.clean()}};
    Nanos worst = 0;
    for (const SwitchReport& r : verdict.switches) {
        worst = std::max(worst, r.stale_until);
        out["switches"].push_back({{"to", r.answer.to},
                                   {"ok", r.answer.ok},
                                   {"generation", r.answer.generation},
                                   {"answered_in_ms", milliseconds(r.answer.answered - r.answer.asked)},
                                   {"sent_after", r.sent_after},
                                   {"stale", r.stale},
                                   {"stale_by_colour", r.stale_by_colour},
                                   {"stale_by_generation", r.stale_by_generation},
                                   {"stale_until_ms", milliseconds(r.stale_until)},
                                   {"failed", r.failed},
                                   {"p99_around_ms", milliseconds(r.p99_around)}});
    }
    out["stale_until_ms"] = milliseconds(worst);
    return out;
}

nlohmann::json to_json(const std::vector<TimelineSlice>& slices) {
    nlohmann::json out = nlohmann::json::array();
    for (const TimelineSlice& s : slices)
        out.push_back({s.offset_ms, s.new_colour, s.old_colour, s.failed, milliseconds(s.worst)});
    return out;
}

}  // namespace yardbench
