#include "config/model/candidate.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>

namespace switchyard::config {

namespace {

bool between_two(const Route& route) {
    return route.split.size() == 2;
}

bool is_arm(const Route& route, const std::string& upstream) {
    return route.split[0].first == upstream || route.split[1].first == upstream;
}

bool equal_weights(const Route& route) {
    return route.split[0].second == route.split[1].second;
}

}  // namespace

const std::string* candidate_of(const Route& route) {
    if (!between_two(route)) return nullptr;
    const auto& [first, second] = std::pair(route.split.data(), route.split.data() + 1);
    if (equal_weights(route)) return route.candidate == first->first ? &first->first : &second->first;
    return first->second < second->second ? &first->first : &second->first;
}

const std::string& upstream_of(const Route& route, const Rule& rule) {
    if (rule.upstream != kCandidate) return rule.upstream;
    const auto* candidate = candidate_of(route);
    return candidate == nullptr ? rule.upstream : *candidate;
}

std::uint16_t status_of(const Rule& rule) {
    return rule.deny != 0 ? rule.deny : rule.respond.status;
}

std::string why_no_candidate(const Route& route) {
    if (between_two(route)) return {};
    return fmt::format(
        "\"{}\" is the upstream of a split between two that gets less; the split of route {} has {}: name both of "
        "them (a weight may be 0), or name an upstream here",
        kCandidate, route.name, route.split.size());
}

void keep_candidates(const Model& before, Model& after) {
    std::unordered_map<std::string_view, const Route*> olds;
    for (const auto& route : before.routes) olds.emplace(route.name, &route);
    for (auto& route : after.routes) {
        const auto found = olds.find(route.name);
        // A route whose split has not changed stays as it is written.
        if (found != olds.end() && found->second->split == route.split && found->second->candidate == route.candidate)
            continue;
        if (!between_two(route) || !equal_weights(route)) {
            route.candidate.clear();
            continue;
        }
        if (found == olds.end()) continue;
        const Route& old = *found->second;
        // What this very change says counts; else who had less.
        if (route.candidate != old.candidate && !route.candidate.empty()) continue;
        if (between_two(old) && is_arm(route, old.split[0].first) && is_arm(route, old.split[1].first))
            route.candidate = equal_weights(old) ? old.candidate : *candidate_of(old);
    }
}

}  // namespace switchyard::config
