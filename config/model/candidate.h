// "@candidate": of a split between two upstreams, the one that gets less – the other colour, whichever release is
// there.
//
// Invariants: at equal weights it is the one that had less before; Route::candidate remembers which (empty: the second
//   of the split, which is where the first release goes). What a rollout leads to while it runs is another matter: the
//   model does not know of rollouts, so compile() is told.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/model.h"

namespace switchyard::config {

inline constexpr std::string_view kCandidate = "@candidate";

// Null unless the split has exactly two arms; weight 0 counts.
const std::string* candidate_of(const Route& route);
// The upstream that a rule of the route leads to; empty where it answers by itself.
const std::string& upstream_of(const Route& route, const Rule& rule);
// What a rule without an upstream answers by itself.
std::uint16_t status_of(const Rule& rule);
// Why the route has no candidate, and the cure; empty: it has one.
std::string why_no_candidate(const Route& route);

// Where `after` makes weights equal, who had less in `before` is remembered; where they are not equal nothing is.
void keep_candidates(const Model& before, Model& after);

}  // namespace switchyard::config
