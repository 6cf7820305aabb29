#include "config/merge/merge_walk.h"

#include <fmt/format.h>

#include <numeric>
#include <set>

namespace switchyard::config {
namespace {

constexpr std::size_t kShownInWords = 160;  // characters of one value in a sentence; the conflict itself has it all

std::string in_short(const std::string& json) {
    if (json.empty()) return "none";
    if (json.size() <= kShownInWords) return json;
    std::size_t cut = kShownInWords;
    while (cut > 0 && (static_cast<unsigned char>(json[cut]) & 0xC0U) == 0x80U) --cut;  // not inside a UTF-8 sequence
    return json.substr(0, cut) + "…";
}

std::set<std::string> keys_of(auto const&... maps) {
    std::set<std::string> keys;
    const auto add = [&](const auto& map) {
        for (const auto& [key, unused] : map) keys.insert(key);
    };
    (add(maps), ...);
    return keys;
}

template <class T>
const T* in_map(const std::map<std::string, T>& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

}  // namespace

Split shares(const Split& split) {
    Split out;
    std::uint32_t divisor = 0;
    for (const auto& [upstream, weight] : split) {
        if (weight == 0) continue;
        out.emplace_back(upstream, weight);
        divisor = std::gcd(divisor, weight);
    }
    for (auto& [upstream, weight] : out) weight /= divisor;
    return out;
}

Route with_shares(Route route) {
    route.split = shares(route.split);
    return route;
}

Conflict conflict_at(std::string pointer, const std::string& what, std::string base, std::string file,
                     std::string state) {
    auto detail = fmt::format("{}: the file says {}, in force is {}, the file last taken over said {}", what,
                              in_short(file), in_short(state), in_short(base));
    return {std::move(pointer), std::move(detail), std::move(base), std::move(file), std::move(state)};
}

bool MergeWalk::untouched(const Endpoint& base, Endpoint state) {
    state.state = base.state;
    state.weight = base.weight;
    return state == base;
}

bool MergeWalk::untouched(const Upstream& base, Upstream state) {
    if (base.endpoints.size() != state.endpoints.size()) return false;
    for (std::size_t i = 0; i < base.endpoints.size(); ++i)
        if (!untouched(base.endpoints[i], state.endpoints[i])) return false;
    state.endpoints = base.endpoints;
    state.endpoint_overrides = base.endpoint_overrides;
    return state == base;
}

std::map<std::string, std::string> MergeWalk::texts(const std::map<std::string, std::string>& base,
                                                    const std::map<std::string, std::string>& file,
                                                    const std::map<std::string, std::string>& state,
                                                    const std::string& at, const Field& field) {
    std::map<std::string, std::string> out;
    for (const auto& key : keys_of(file, state))
        if (auto text = named(in_map(base, key), in_map(file, key), in_map(state, key), pointer_to(at, key), field))
            out.emplace(key, std::move(*text));
    return out;
}

template <class T>
std::map<std::string, T> MergeWalk::by_name(const std::map<std::string, T>& base, const std::map<std::string, T>& file,
                                            const std::map<std::string, T>& state, const std::string& at) {
    std::map<std::string, T> out;
    for (const auto& name : keys_of(file, state))
        if (auto item =
                named(in_map(base, name), in_map(file, name), in_map(state, name), pointer_to(at, name), Field{}))
            out.emplace(name, std::move(*item));
    return out;
}

std::map<std::string, Upstream> MergeWalk::upstreams(const std::map<std::string, Upstream>& base,
                                                     const std::map<std::string, Upstream>& file,
                                                     const std::map<std::string, Upstream>& state,
                                                     const std::string& at) {
    return by_name(base, file, state, at);
}

std::map<std::string, EndpointOverride> MergeWalk::overrides(const std::map<std::string, EndpointOverride>& base,
                                                             const std::map<std::string, EndpointOverride>& file,
                                                             const std::map<std::string, EndpointOverride>& state,
                                                             const std::string& at) {
    return by_name(base, file, state, at);
}

std::map<std::string, Certificate> MergeWalk::certificates(const std::map<std::string, Certificate>& base,
                                                           const std::map<std::string, Certificate>& file,
                                                           const std::map<std::string, Certificate>& state,
                                                           const std::string& at) {
    return by_name(base, file, state, at);
}

}  // namespace switchyard::config
