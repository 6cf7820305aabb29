#include "control/rollout/runner/mark_places.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "config/model/grpc.h"

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;
using Counts = MarkPlaces::Counts;

std::string kind_word(const MarkNote& note) {
    switch (note.failure) {
        case Failure::none:
            if (note.status >= MarkNote::kGrpc)
                return std::string(config::kGrpcStatuses[note.status - std::size_t{MarkNote::kGrpc}]);
            return std::to_string(note.status);
        case Failure::response_timeout:
        case Failure::request_timeout:
            return "time limit";
        case Failure::connect_timeout:
            return "no connection in time";
        case Failure::connect_failed:
            return "connection refused";
        case Failure::tls_failed:
            return "no TLS";
        case Failure::tls_untrusted:
            return "certificate not trusted";
        case Failure::reused_closed:
        case Failure::reused_unread:
        case Failure::reused_reset:
        case Failure::refused_stream:
        case Failure::reset:
            return "reset";
        case Failure::truncated:
        case Failure::body_idle:
            return "cut";
        case Failure::bad_response:
            return "malformed answer";
        case Failure::no_endpoint:
            return "no usable endpoint";
        case Failure::overflow:
            return "queue full";
        case Failure::breaker_open:
            return "breaker open";
        default:
            return std::string(traits(note.failure).flag);
    }
}

std::string group_name(const MarkNote& note) {
    switch (note.group) {
        case MarkNote::Group::failed:
            return "failed";
        case MarkNote::Group::slow:
            return "slow";
        case MarkNote::Group::tail:
            return "tail";
        case MarkNote::Group::late:
            return "late";
        case MarkNote::Group::late_tail:
            return "late_tail";
        case MarkNote::Group::answer:
            break;
    }
    const auto kind = static_cast<std::size_t>(note.answer);
    return kind < kAnswerKinds ? std::string(kAnswerWords[kind].name) : "other";
}

void add_times(Counts& counts, const std::string& name, std::uint64_t times) {
    if (const auto known = counts.find(name); known != counts.end())
        known->second += times;
    else if (counts.size() < MarkPlaces::kMost)
        counts.emplace(name, times);
}

using Ranked = std::vector<std::pair<std::string, std::uint64_t>>;

Ranked most_first(const Counts& counts) {
    Ranked out(counts.begin(), counts.end());
    std::ranges::stable_sort(out, std::greater<>(), [](const auto& one) { return one.second; });
    return out;
}

Json ranked_json(const Counts& counts) {
    Json out = Json::object();
    for (const auto& [name, times] : most_first(counts)) out[name] = times;
    return out;
}

void read_counts(const Json& from, const char* key, Counts& out) {
    const auto found = from.find(key);
    if (found == from.end() || !found->is_object()) return;
    const Json& counts = *found;
    for (const auto& [name, times] : counts.items())
        if (times.is_number_unsigned()) add_times(out, name, times.get<std::uint64_t>());
}

std::string top_three(const Ranked& ranked) {
    constexpr std::size_t kNamed = 3;
    std::string out;
    for (std::size_t i = 0; i < std::min(ranked.size(), kNamed); ++i)
        out += fmt::format("{}{} ({})", i == 0 ? "" : ", ", ranked[i].first, ranked[i].second);
    return out;
}

// Some paths are slow in any release. Which one has more of the canary's marks than of the baseline's, by more than
// luck gives, and more than all others have together? Null: there is none, or too few to tell.
const std::pair<std::string, std::uint64_t>* stands_out(const Ranked& ranked, std::uint64_t all,
                                                        const MarkPlaces::Group& baseline) {
    constexpr std::uint64_t kFewest = 20;
    constexpr double kErrors = 4.0;
    if (baseline.all < kFewest || all < kFewest) return nullptr;
    const std::pair<std::string, std::uint64_t>* most = nullptr;
    double excess = 0.0, others = 0.0;
    for (const auto& each : ranked) {
        const auto known = baseline.paths.find(each.first);
        const auto marks = known == baseline.paths.end() ? 0.5 : static_cast<double>(known->second);
        const double expected = marks * static_cast<double>(all) / static_cast<double>(baseline.all);
        const double more = static_cast<double>(each.second) - expected;
        // Both counts are drawn.
        const double error = std::sqrt(expected + expected * expected / std::max(0.5, marks));
        const double certain = more > kErrors * std::max(1.0, error) ? more : 0.0;
        if (certain > excess)
            others += std::exchange(excess, certain), most = &each;
        else
            others += certain;
    }
    return excess > others ? most : nullptr;
}

// One that stands out is named alone.
std::string path_words(const Ranked& ranked, std::uint64_t all, const MarkPlaces::Group* baseline) {
    if (const auto* most = baseline == nullptr ? nullptr : stands_out(ranked, all, *baseline)) {
        const auto known = baseline->paths.find(most->first);
        const std::uint64_t before = known == baseline->paths.end() ? 0 : known->second;
        return fmt::format("More than before at {} ({} of {}; before {} of {})", most->first, most->second, all, before,
                           baseline->all);
    }
    const auto& [name, times] = ranked.front();
    if (2 * times >= all) return fmt::format("Mostly {} ({} of {})", name, times, all);
    return "Most at " + top_three(ranked);
}

std::string endpoint_words(const Ranked& ranked, std::uint64_t all) {
    const auto& [address, times] = ranked.front();
    if (ranked.size() == 1) return "endpoint " + address;
    if (3 * times >= 2 * all) return fmt::format("mostly endpoint {} ({} of {})", address, times, all);
    return "endpoints " + top_three(ranked);
}

}  // namespace

void MarkPlaces::add(bool canary, const MarkNote& note, const std::string& address) {
    Group& group = (canary ? canary_ : baseline_)[group_name(note)];
    group.all += note.times;
    if (!note.of_speed()) add_times(group.kinds, kind_word(note), note.times);
    if (!note.path().empty()) add_times(group.paths, fmt::format("{} {}", note.method(), note.path()), note.times);
    if (!address.empty()) add_times(group.endpoints, address, note.times);
}

const MarkPlaces::Group* MarkPlaces::find(const Arm& arm, const std::string& group) {
    const auto found = arm.find(group);
    return found == arm.end() ? nullptr : &found->second;
}

const MarkPlaces::Group* MarkPlaces::canary(const std::string& group) const {
    return find(canary_, group);
}

Json to_json(const MarkPlaces::Group& group) {
    Json out = {{"noted", group.all}};
    if (!group.kinds.empty()) out["kinds"] = ranked_json(group.kinds);
    out["paths"] = ranked_json(group.paths);
    out["endpoints"] = ranked_json(group.endpoints);
    return out;
}

Json MarkPlaces::to_json() const {
    Json out = Json::object();
    for (const auto& [name, arm] : {std::pair{"canary", &canary_}, std::pair{"baseline", &baseline_}})
        for (const auto& [group, places] : *arm) out[name][group] = rollout::to_json(places);
    return out;
}

MarkPlaces MarkPlaces::from_json(const Json& json) {
    MarkPlaces out;
    if (!json.is_object()) return out;
    for (const auto& [name, arm] : {std::pair{"canary", &out.canary_}, std::pair{"baseline", &out.baseline_}}) {
        const Json groups = json.contains(name) && json[name].is_object() ? json[name] : Json::object();
        for (const auto& [group, places] : groups.items()) {
            if (!places.is_object() || arm->size() > kMostGroups) continue;
            Group& to = (*arm)[group];
            if (places.contains("noted") && places["noted"].is_number_unsigned()) to.all = places["noted"];
            read_counts(places, "kinds", to.kinds);
            read_counts(places, "paths", to.paths);
            read_counts(places, "endpoints", to.endpoints);
        }
    }
    return out;
}

std::string where_words(const MarkPlaces::Group& group, const MarkPlaces::Group* baseline) {
    std::string out;
    if (const auto kinds = most_first(group.kinds); !kinds.empty()) out += top_three(kinds) + ". ";
    std::string at;
    if (const auto paths = most_first(group.paths); !paths.empty()) at = path_words(paths, group.all, baseline);
    if (const auto ranked = most_first(group.endpoints); !ranked.empty())
        at += (at.empty() ? "At " : "; ") + endpoint_words(ranked, group.all);
    if (!at.empty()) out += at + ".";
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

}  // namespace switchyard::control::rollout
