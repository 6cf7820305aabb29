#include "bench/yardbench/switching/switch_judge.h"

#include <algorithm>

#include "bench/yardbench/engine/histogram.h"

namespace yardbench {
namespace {

constexpr Nanos kAround = kSecond / 2;
constexpr int kTimelineFirst = -50;
constexpr int kTimelineLast = 250;

RequestLog::const_iterator first_sent_at(const RequestLog& log, Nanos t) {
    return std::lower_bound(log.begin(), log.end(), t,
                            [](const RequestRecord& record, Nanos limit) { return record.sent < limit; });
}

bool colour_allowed(const RequestRecord& record, std::size_t last, const std::vector<SwitchAnswer>& answers,
                    const Colours& colours) {
    const auto leads_to = [&](const SwitchAnswer& answer) {
        return answer.to == kAnyColour || record.colour == colours.id(answer.to);
    };
    if (leads_to(answers[last])) return true;
    for (std::size_t i = last + 1; i < answers.size() && answers[i].asked < record.done; ++i)
        if (leads_to(answers[i])) return true;
    return false;
}

}  // namespace

SwitchVerdict judge_switches(RequestLog& log, const std::vector<SwitchAnswer>& answers, const Colours& colours) {
    std::sort(log.begin(), log.end(), [](const auto& a, const auto& b) { return a.sent < b.sent; });
    SwitchVerdict verdict;
    verdict.requests = log.size();
    for (const SwitchAnswer& answer : answers) {
        verdict.switches.push_back({});
        verdict.switches.back().answer = answer;
        verdict.refused_switches += !answer.ok;
    }
    std::size_t last = std::string::npos;
    std::size_t next = 0;  // answers are in order of time, so the search moves with the log
    for (const RequestRecord& record : log) {
        for (; next < answers.size() && (!answers[next].ok || answers[next].answered < record.sent); ++next)
            if (answers[next].ok) last = next;
        if (record.failure != Failure::none) {
            ++verdict.failed;
            const auto blamed = std::upper_bound(answers.begin(), answers.end(), record.done,
                                                 [](Nanos t, const SwitchAnswer& a) { return t < a.asked; });
            if (blamed != answers.begin())
                ++verdict.switches[static_cast<std::size_t>(blamed - answers.begin()) - 1].failed;
        }
        if (record.status == 0) continue;
        const bool has_colour = record.colour != 0 && record.colour != Colours::kOther;
        if (last == std::string::npos) {
            verdict.unjudged += !has_colour && record.generation == 0 && record.failure == Failure::none;
            continue;
        }
        SwitchReport& report = verdict.switches[last];
        const bool comparable =
            (has_colour && report.answer.to != kAnyColour) || (record.generation != 0 && report.answer.generation != 0);
        verdict.judged += comparable;
        verdict.unjudged += !comparable && record.failure == Failure::none;
        ++report.sent_after;
        const bool old_generation = record.generation != 0 && record.generation < report.answer.generation;
        const bool old_colour = has_colour && !colour_allowed(record, last, answers, colours);
        report.stale_by_generation += old_generation;
        report.stale_by_colour += old_colour;
        if (old_generation || old_colour) {
            ++report.stale;
            ++verdict.stale;
            report.stale_until = std::max(report.stale_until, record.sent - report.answer.answered);
        }
    }
    for (SwitchReport& report : verdict.switches) {
        if (!report.answer.ok) continue;
        Histogram around;
        for (auto it = first_sent_at(log, report.answer.answered - kAround);
             it != log.end() && it->sent < report.answer.answered + kAround; ++it)
            around.record(it->done - it->intended);
        report.p99_around = around.quantile(0.99);
    }
    return verdict;
}

std::vector<TimelineSlice> timeline(const RequestLog& log, const std::vector<SwitchAnswer>& answers,
                                    const Colours& colours) {
    std::vector<TimelineSlice> slices;
    for (int ms = kTimelineFirst; ms < kTimelineLast; ++ms) slices.push_back({ms, 0, 0, 0, 0});
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const SwitchAnswer& answer = answers[i];
        if (!answer.ok) continue;
        // A neighbouring switch's traffic is not this one's.
        const Nanos from =
            std::max(answer.answered + kTimelineFirst * kMillisecond, i == 0 ? 0 : answers[i - 1].answered);
        const Nanos until = std::min(answer.answered + kTimelineLast * kMillisecond,
                                     i + 1 < answers.size() ? answers[i + 1].asked : INT64_MAX);
        for (auto it = first_sent_at(log, from); it != log.end() && it->sent < until; ++it) {
            const Nanos offset = it->sent - answer.answered - kTimelineFirst * kMillisecond;
            TimelineSlice& slice = slices[static_cast<std::size_t>(offset / kMillisecond)];
            if (it->failure != Failure::none)
                ++slice.failed;
            else if (it->colour == colours.id(answer.to))
                ++slice.new_colour;
            else
                ++slice.old_colour;
            slice.worst = std::max(slice.worst, it->done - it->intended);
        }
    }
    return slices;
}

}  // namespace yardbench
