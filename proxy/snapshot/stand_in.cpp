#include "proxy/snapshot/stand_in.h"

#include "proxy/upstream/balancer.h"

namespace switchyard {
namespace {

using Status = upstream::Choice::Status;

// What decided the arm, as 32 evenly spread bits that have nothing in common with the arm itself.
std::uint32_t spread(const route::Decision& decision, const route::RequestFacts& facts) {
    std::uint64_t x = 0;
    if (decision.has_hash) {
        x = decision.hash;
    } else if (decision.by == route::Decision::By::position) {
        x = decision.turn.position;
    } else {
        for (const auto byte : facts.client.bytes) x = x * 257 + byte;  // no key: the client's address stands for it
    }
    // The finalizer of splitmix64.
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<std::uint32_t>((x ^ (x >> 31)) >> 32);
}

template <class Serves>
std::int32_t by_weight(const route::Route& route, std::uint32_t spread, Serves serves) {
    std::uint64_t sum = 0;
    for (std::size_t arm = 0; arm < route.arms.size(); ++arm)
        if (route.weights[arm] > 0 && serves(route.arms[arm])) sum += route.weights[arm];
    std::uint64_t at = (spread * sum) >> 32;
    for (std::size_t arm = 0; arm < route.arms.size(); ++arm) {
        if (route.weights[arm] == 0 || !serves(route.arms[arm])) continue;
        if (at < route.weights[arm]) return static_cast<std::int32_t>(route.arms[arm]);
        at -= route.weights[arm];
    }
    return -1;
}

}  // namespace

std::int32_t stand_in(const Snapshot& snapshot, const route::Route& route, const route::Decision& decision,
                      const route::RequestFacts& facts, const upstream::Upstream& asked, bool fell_back,
                      const std::function<bool(const upstream::Upstream&)>& rests) {
    const bool by_rule = decision.by == route::Decision::By::rule;
    const auto outlook = [&](std::uint32_t index) {
        const auto& upstream = *snapshot.upstreams[index];
        if (index == asked.index || rests(upstream)) return Status::none;
        return upstream::look(upstream);
    };
    if (by_rule || route.reroute) {
        const auto fallback = fell_back ? -1 : fallback_of(route, decision, asked);
        if (fallback >= 0 && outlook(static_cast<std::uint32_t>(fallback)) != Status::none) return fallback;
    }
    if (by_rule || !route.reroute) return -1;
    const auto bits = spread(decision, facts);
    for (const Status wanted : {Status::claimed, Status::busy})
        if (const auto found = by_weight(route, bits, [&](std::uint32_t index) { return outlook(index) == wanted; });
            found >= 0)
            return found;
    return -1;
}

}  // namespace switchyard
