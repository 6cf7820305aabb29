// The guard: no change takes the last healthy endpoint away from traffic that has one.
//
// What it looks at: for each route the split, and each rule that leads to an upstream outside of the split (a rule that
//   leads into the split is a smoke test of a release, which may be down between two releases). An endpoint counts when
//   it is wanted up, has a weight above 0, and was found up; an upstream also through its breaker's fallback, a rule
//   through its own. Where the route re-routes, one arm with a weight serves the whole split; else each arm stands for
//   its share.
// Invariants: what finds no endpoint already before the change is never a reason, nor is a route or rule that is new or
//   goes away – but for the last of all routes. Who applies it: the controller, to every change; a start does not.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "config/model/forward.h"
#include "config/text/error.h"
#include "control/base/result.h"
#include "control/edits/facts.h"

namespace switchyard::control::edits {

// How a refusal tells who may insist to do so; the command line puts its own flag in place of it.
inline constexpr const char* kForceHint = R"( ("force": true does it all the same))";

// Why no endpoint of the upstream may be given a new request; empty when one may.
std::string why_unserved(const config::Model& model, const std::string& upstream, const Facts& facts);

// What `after` would leave without an endpoint, each with its place and, by name, upstreams and why. Empty: nothing.
// `facts` are those of `before`: what they do not know was never checked.
std::vector<config::Error> left_without(const config::Model& before, const config::Model& after, const Facts& facts);

// 409 unless the upstream has an endpoint that may be given a new request: for what sends traffic there soon.
Result<void> require_served(const config::Model& model, const std::string& upstream, const Facts& facts);

// 409 with these reasons.
Result<void> guard(const config::Model& before, const config::Model& after, const Facts& facts);

}  // namespace switchyard::control::edits
