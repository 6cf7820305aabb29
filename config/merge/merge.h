// Three-way merge: what changed from the base to the file is applied to the state.
//
// The base is the file as it was last taken over; the state is the configuration in force, with what was changed at
// run time. Objects merge key by key, lists of named things by name (endpoints by address), everything else as one
// value; split, match, when, sticky and health are one value each. Splits are compared as shares: reduced, without
// arms of weight 0. Equal ends are no conflict, and the file's spelling is taken.
// Invariants: merge(b, b, s) is s; merge(b, f, b) is f; equal ends give these ends. `model` is set exactly when there
//   is no conflict; it need not be valid: the caller that applies it validates. `process` is the state's, and never
//   merged.
// Threads: pure functions. Errors: every conflict at once, each with its three values, secrets hidden.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/merge/conflict.h"
#include "config/model.h"

namespace switchyard::config {

struct MergeRules {
    bool file_wins = false;  // conflicts are decided for the file, but for those with a holder
    // The rollout that holds a route, or empty. Such a route changes only outside its split, its rules and the
    // upstreams they name.
    std::function<std::string(const std::string& route)> held_by;
};

struct MergeResult {
    std::optional<Model> model;
    std::vector<Conflict> conflicts;
};

MergeResult merge(const Model& base, const Model& file, const Model& state, const MergeRules& rules = {});

}  // namespace switchyard::config
