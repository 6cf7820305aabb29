#include "control/watch/ejection_rule.h"

#include <algorithm>

namespace switchyard::control {

void EjectionRule::configure(const config::Ejection& settings, const std::vector<std::uint32_t>& endpoints) {
    settings_ = settings;
    std::map<std::uint32_t, Standing> kept;
    for (const auto id : endpoints)
        if (auto node = standings_.extract(id))
            kept.insert(std::move(node));
        else
            kept.try_emplace(id);
    standings_ = std::move(kept);
}

std::size_t EjectionRule::ejected_count() const {
    return static_cast<std::size_t>(std::count_if(standings_.begin(), standings_.end(),
                                                  [](const auto& entry) { return entry.second.until.has_value(); }));
}

bool EjectionRule::ejected(std::uint32_t endpoint) const {
    const auto it = standings_.find(endpoint);
    return it != standings_.end() && it->second.until.has_value();
}

std::optional<EjectionRule::Verdict> EjectionRule::eject(std::uint32_t endpoint, Standing& standing, Time now) {
    const std::size_t total = standings_.size();
    std::size_t allowed = total * settings_.max_ejected_percent / 100;
    if (total >= 2) allowed = std::max<std::size_t>(allowed, 1);
    if (ejected_count() >= allowed) return std::nullopt;

    if (standing.times > 0 && settings_.base_time.count() > 0) {
        const auto served = (now - standing.returned) / settings_.base_time;
        standing.times -= static_cast<std::uint32_t>(std::min<std::int64_t>(standing.times, served));
    }
    ++standing.times;
    const auto length = std::min<std::chrono::milliseconds>(settings_.base_time * standing.times, settings_.max_time);
    standing.until = now + length;
    standing.requests = standing.failures = 0;
    return Verdict{endpoint, length, standing.times};
}

std::optional<EjectionRule::Verdict> EjectionRule::suspect(std::uint32_t endpoint, std::uint32_t consecutive,
                                                           Time now) {
    const auto it = standings_.find(endpoint);
    if (it == standings_.end() || it->second.until) return std::nullopt;
    if (settings_.consecutive_failures == 0 || consecutive < settings_.consecutive_failures) return std::nullopt;
    return eject(endpoint, it->second, now);
}

std::optional<EjectionRule::Verdict> EjectionRule::counted(std::uint32_t endpoint, const EndpointCounts& growth,
                                                           Time now) {
    const auto it = standings_.find(endpoint);
    if (it == standings_.end() || it->second.until || settings_.failure_percent == 0) return std::nullopt;
    auto& standing = it->second;
    if (now - standing.window_start >= settings_.window) {
        standing.window_start = now;
        standing.requests = standing.failures = 0;
    }
    const std::uint64_t failed = growth.failed + growth.unreachable;
    standing.requests += growth.ok + failed;
    standing.failures += failed;
    if (standing.requests < settings_.min_requests) return std::nullopt;
    if (standing.failures * 100 < standing.requests * settings_.failure_percent) return std::nullopt;
    return eject(endpoint, standing, now);
}

std::map<std::uint32_t, EjectionRule::Past> EjectionRule::pasts() const {
    std::map<std::uint32_t, Past> out;
    for (const auto& [id, standing] : standings_)
        if (standing.times > 0) out[id] = {standing.times, standing.until, standing.returned};
    return out;
}

void EjectionRule::go_on_from(std::uint32_t endpoint, const Past& past) {
    const auto it = standings_.find(endpoint);
    if (it == standings_.end()) return;
    it->second.times = past.times;
    it->second.until = past.until;
    it->second.returned = past.returned;
}

std::vector<std::uint32_t> EjectionRule::due(Time now) {
    std::vector<std::uint32_t> back;
    for (auto& [id, standing] : standings_) {
        if (!standing.until || *standing.until > now) continue;
        standing.until.reset();
        standing.returned = now;
        back.push_back(id);
    }
    return back;
}

std::optional<EjectionRule::Time> EjectionRule::next_due() const {
    std::optional<Time> next;
    for (const auto& [id, standing] : standings_)
        if (standing.until && (!next || *standing.until < *next)) next = standing.until;
    return next;
}

}  // namespace switchyard::control
