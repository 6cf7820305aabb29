#include "bench/yardbench/rehearsal/rehearsal_verdict.h"

#include <fmt/format.h>

#include <cmath>

#include "bench/yardbench/report/figures.h"
#include "bench/yardbench/switching/switch_figures.h"

namespace yardbench {
namespace {

// The split is exact in each block of requests as routed; the first and last block may be cut.
constexpr double kSplitTolerance = 0.5;  // percentage points
// A process that is killed cuts what it was answering; a cut further from the kill has another cause.
constexpr Nanos kNearKill = 2 * kSecond;

}  // namespace

bool RehearsalVerdict::split_exact() const {
    if (split_requests == 0) return false;
    const double percent = 100.0 * static_cast<double>(split_to) / static_cast<double>(split_requests);
    return std::abs(percent - split_percent) <= kSplitTolerance + 100.0 / static_cast<double>(split_requests);
}

bool RehearsalVerdict::held() const {
    return broken.empty() && switches.clean() && canary_right == canary_asked && early == 0 && split_exact() &&
           retried_elsewhere == 0;
}

RehearsalVerdict judge_rehearsal(const Rehearsal& rehearsal, const Rehearsal::Settings& settings, RequestLog& log,
                                 const Colours& colours, const Tally& tally, std::uint64_t acknowledged) {
    RehearsalVerdict verdict;
    verdict.switches = judge_switches(log, rehearsal.answers(), colours);
    verdict.broken = rehearsal.broken();
    verdict.canary_asked = settings.canary_requests;
    verdict.canary_right = rehearsal.canary_right();
    verdict.split_percent = settings.split_percent;
    verdict.retried = tally.retried;
    verdict.acknowledged = acknowledged;
    const std::uint8_t to = colours.id(settings.to);
    const Nanos killed = rehearsal.killed_at();
    const Nanos split_asked = rehearsal.answers().empty() ? INT64_MAX : rehearsal.answers().front().asked;
    const std::uint64_t split_generation = rehearsal.answers().empty() ? 0 : rehearsal.answers().front().generation;
    for (const RequestRecord& record : log) {
        verdict.early += record.done < split_asked && record.colour == to;
        if (split_generation != 0 && record.generation == split_generation) {
            ++verdict.split_requests;
            verdict.split_to += record.colour == to;
        }
        const bool near_kill = killed != 0 && record.done >= killed && record.intended <= killed + kNearKill;
        if (record.attempts > 1 && !near_kill) verdict.retried_elsewhere += record.attempts - 1U;
    }
    return verdict;
}

nlohmann::json to_json(const RehearsalVerdict& v) {
    nlohmann::json out = to_json(v.switches);
    out["broken"] = v.broken;
    out["canary"] = {{"asked", v.canary_asked}, {"right", v.canary_right}, {"others_early", v.early}};
    out["split"] = {
        {"requests", v.split_requests}, {"to", v.split_to}, {"percent", v.split_percent}, {"exact", v.split_exact()}};
    out["retried"] = v.retried;
    out["retried_elsewhere"] = v.retried_elsewhere;
    out["acknowledged"] = v.acknowledged;
    out["held"] = v.held();
    return out;
}

std::string to_text(const RehearsalVerdict& v) {
    std::string out = to_text(v.switches);
    out += fmt::format("canary    {} of {} with the header, {} without it\n", v.canary_right, v.canary_asked, v.early);
    out += fmt::format("split     {} of {} requests to the new colour, {} % asked for\n", v.split_to, v.split_requests,
                       v.split_percent);
    out += fmt::format("retried   {} attempts; {} of them away from the kill\n", v.retried, v.retried_elsewhere);
    out += fmt::format("written   {} acknowledged\n", v.acknowledged);
    if (!v.broken.empty()) out += "BROKEN    " + v.broken + '\n';
    out += v.held() ? "all of it held\n" : "NOT all of it held\n";
    return out;
}

}  // namespace yardbench
