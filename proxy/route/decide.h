// The one place where a request is given its upstream: rules first, then the sticky hash, then the split's turn.
//
// Pure but for the turn, which the caller takes from the route's cursor (a worker) or only looks at (explain).
// The same function serves the data plane and /v1/explain, so the two cannot differ.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/route/route.h"

namespace switchyard::route {

struct Decision {
    enum class By : std::uint8_t { rule, sticky, position, single, refused_rule, denying_rule };
    By by = By::single;
    std::int32_t rule = -1;  // index of the rule; of refused_rule the one that cannot be judged, of denying_rule the
                             // one that holds: both without an upstream
    std::uint32_t upstream = 0;  // index in Snapshot::upstreams
    std::uint32_t arm = 0;       // of the split
    bool has_hash = false;       // a sticky key was there
    std::uint32_t hash = 0;      // its salted hash: decides the arm, and the bucket of the analysis
    Turn turn;                   // when it was taken
    bool mint = false;           // the client should be given the sticky cookie
};

// The salted 32-bit hash of a sticky key (XXH3 of salt, NUL, key).
std::uint32_t sticky_hash(std::string_view salt, std::string_view key);

// `minted`: the value a fresh sticky cookie would get; used when the key is absent and the route mints.
template <class NextTurn>
Decision decide(const Route& route, const RequestFacts& facts, std::string_view minted, NextTurn next_turn);

// The first rule that holds; false, and nothing changed, when none does. A rule that answers by itself leaves no
// upstream.
bool decide_by_rule(const Route& route, const RequestFacts& facts, Decision& out);

namespace detail {
// Rules and sticky; true when they decided.
bool decide_without_position(const Route& route, const RequestFacts& facts, std::string_view minted, Decision& out);
}  // namespace detail

template <class NextTurn>
Decision decide(const Route& route, const RequestFacts& facts, std::string_view minted, NextTurn next_turn) {
    Decision out;
    if ((!route.rules.empty() || route.has_sticky) && detail::decide_without_position(route, facts, minted, out))
        return out;
    if (route.split.single()) {
        out.arm = route.split.only();
    } else {
        out.by = Decision::By::position;
        out.turn = next_turn();
        out.arm = route.split.at(out.turn);
    }
    out.upstream = route.arms[out.arm];
    return out;
}

}  // namespace switchyard::route
