// Who serves a request in place of an upstream that has no usable endpoint.
//
// Of a split: the upstream's own breaker.fallback first, then the split's other arms with a weight, by their weights –
// of
//   those with a free place, else of those that are only full. What had led to the arm leads on from it: the same
//   sticky key always comes to the same other arm, a position to one that does not depend on the worker. Of a rule: the
//   fallback that it names, or none.
// Pure over the snapshot, the endpoints' shared state, and `rests`, which says whether an upstream's breaker lets
// nothing
//   pass. One function for the data plane and explain, so that the two cannot differ. Paid for only where an upstream
//   has none.
#pragma once

#include <cstdint>
#include <functional>

#include "proxy/route/decide.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard {

// Index in Snapshot::upstreams; -1: none. `asked`: what has none – the upstream that was meant, or the fallback that
// its breaker led to (`fell_back`).
std::int32_t stand_in(const Snapshot& snapshot, const route::Route& route, const route::Decision& decision,
                      const route::RequestFacts& facts, const upstream::Upstream& asked, bool fell_back,
                      const std::function<bool(const upstream::Upstream&)>& rests);

// What serves while the breaker of `wanted`, to which `decision` led, is open; -1: nothing.
inline std::int32_t fallback_of(const route::Route& route, const route::Decision& decision,
                                const upstream::Upstream& wanted) {
    return decision.by == route::Decision::By::rule ? route.rules[static_cast<std::size_t>(decision.rule)].fallback
                                                    : wanted.fallback;
}

}  // namespace switchyard
