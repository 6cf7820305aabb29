#include "control/metrics/series.h"

#include <algorithm>

namespace switchyard::control {

std::int64_t Series::last_full(Time now) {
    return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() - 1;
}

void Series::Line::close() {
    if (!open) return;
    auto& point = at(newest);
    point.p50_us = static_cast<std::uint32_t>(filling.quantile(0.5));
    point.p99_us = static_cast<std::uint32_t>(filling.quantile(0.99));
    open = false;
}

bool Series::make_room(const Key& key, std::int64_t second) {
    if (lines_.size() < kMostLines) return true;
    if (second >= none_silent_before_) {
        const auto oldest = std::ranges::min_element(lines_, {}, [](const auto& l) { return l.second->newest; });
        none_silent_before_ = oldest->second->newest + kSilence;
        if (second >= none_silent_before_) {
            lines_.erase(oldest);
            return true;
        }
    }
    // Lines of upstreams stand behind those of routes. There are at most kMostLines such steps until one is silent.
    const auto routes = std::ranges::subrange(lines_.begin(), lines_.lower_bound({kAllRoutes, 0}));
    if (key.first != kAllRoutes || routes.empty()) return false;
    lines_.erase(std::ranges::min_element(routes, {}, [](const auto& l) { return l.second->newest; }));
    return true;
}

Series::Line* Series::line(const Key& key, std::int64_t second) {
    if (const auto found = lines_.find(key); found != lines_.end()) return found->second.get();
    if (!make_room(key, second)) return nullptr;
    return lines_.emplace(key, std::make_unique<Line>()).first->second.get();
}

void Series::count(const Key& key, const Cell& cell, std::int64_t second) {
    auto* const counted = this->line(key, second);
    if (!counted) return;
    auto& line = *counted;
    if (line.newest != second) {
        line.close();
        line.filling.clear();
        line.newest = second;
        line.at(second) = {second};
    }
    line.open = true;
    auto& point = line.at(second);
    for (const auto of_class : cell.by_class) point.requests += static_cast<std::uint32_t>(of_class);
    point.errors += static_cast<std::uint32_t>(cell.by_class[5] + cell.by_class[0]);
    line.filling.merge(cell.duration);
}

void Series::add(const WorkerReport& report, Time now) {
    const auto second = last_full(now) + 1;
    for (const auto& delta : report.cells) {
        count({kAllRoutes, delta.upstream}, *delta.cell, second);
        count({delta.route, delta.upstream}, *delta.cell, second);
    }
}

Series::Told Series::since(std::int64_t after, Time now) {
    Told out;
    out.to = last_full(now);
    out.seconds = after > out.to ? kSeconds : std::min(out.to - after, kSeconds);
    const auto first = out.to - out.seconds + 1;
    for (auto& [key, line] : lines_) {
        if (line->newest <= out.to) line->close();
        std::vector<Point> points(static_cast<std::size_t>(out.seconds));
        bool any = false;
        for (std::int64_t second = first; second <= out.to; ++second) {
            const auto& kept = line->at(second);
            if (kept.second != second) continue;
            points[static_cast<std::size_t>(second - first)] = kept;
            any = true;
        }
        if (any) out.lines.emplace(key, std::move(points));
    }
    return out;
}

void Series::forget_route(std::uint32_t id) {
    std::erase_if(lines_, [id](const auto& line) { return line.first.first == id; });
}

void Series::forget_upstream(std::uint32_t id) {
    std::erase_if(lines_, [id](const auto& line) { return line.first.second == id; });
}

}  // namespace switchyard::control
