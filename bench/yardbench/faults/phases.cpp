#include "bench/yardbench/faults/phases.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/yardbench/report/figures.h"

namespace yardbench {

std::uint64_t Phase::failed() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < kFailureKinds; ++i) sum += failures[i];
    return sum;
}

std::vector<Phase> phases(const RequestLog& log, const std::vector<std::pair<Nanos, std::string>>& starts) {
    std::vector<Phase> out;
    for (const auto& [from, name] : starts) {
        out.push_back({});
        out.back().name = name;
        out.back().from = from;
    }
    if (out.empty()) return out;
    for (const RequestRecord& record : log) {
        const auto after = std::upper_bound(starts.begin(), starts.end(), record.intended,
                                            [](Nanos t, const auto& start) { return t < start.first; });
        Phase& phase = out[after == starts.begin() ? 0 : static_cast<std::size_t>(after - starts.begin()) - 1];
        ++phase.finished;
        if (record.failure != Failure::none) ++phase.failures[static_cast<std::size_t>(record.failure)];
        phase.latency.record(record.done - record.intended);
    }
    return out;
}

std::string to_text(const std::vector<Phase>& all) {
    std::string out = fmt::format("{:>8}  {:<28}{:>10}{:>8}{:>10}{:>10}{:>10}\n", "from", "fault", "finished", "failed",
                                  "p50", "p99", "max");
    for (const Phase& phase : all) {
        out += fmt::format("{:>6.1f} s  {:<28}{:>10}{:>8}{:>10}{:>10}{:>10}",
                           static_cast<double>(phase.from - all[0].from) / 1e9, phase.name, phase.finished,
                           phase.failed(), duration_text(phase.latency.quantile(0.5)),
                           duration_text(phase.latency.quantile(0.99)), duration_text(phase.latency.max()));
        for (std::size_t i = 1; i < kFailureKinds; ++i)
            if (phase.failures[i] > 0) out += fmt::format("  {} {}", kFailureNames[i], phase.failures[i]);
        out += '\n';
    }
    return out;
}

nlohmann::json to_json(const std::vector<Phase>& all) {
    nlohmann::json out = nlohmann::json::array();
    for (const Phase& phase : all) {
        nlohmann::json failures = nlohmann::json::object();
        for (std::size_t i = 1; i < kFailureKinds; ++i)
            if (phase.failures[i] > 0) failures[std::string(kFailureNames[i])] = phase.failures[i];
        out.push_back({{"from_s", static_cast<double>(phase.from - all[0].from) / 1e9},
                       {"fault", phase.name},
                       {"finished", phase.finished},
                       {"failures", failures},
                       {"latency_ms", to_json(phase.latency)}});
    }
    return out;
}

}  // namespace yardbench
