// What a change answers: the generation it made and the proof that it is in force.
//
// Invariants: waiting_for is empty ⇔ every worker routes by `generation` or something newer: then and only then the
//   status is 200; otherwise it is 202 and the workers that have not answered are named.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/core/drain_book.h"

namespace switchyard::control {

// Which earlier generation an undo brings back, and why that one.
struct Restored {
    std::uint64_t generation = 0;
    std::string why;  // "before rollout r1"; empty: it was named, or is simply the one before
    bool operator==(const Restored&) const = default;
};

struct Receipt {
    std::uint64_t generation = 0;
    std::uint64_t previous = 0;
    unsigned workers = 0;
    std::vector<unsigned> waiting_for;  // workers that have not adopted it yet
    std::string effective_at;           // when the last worker adopted; empty while some has not
    std::int64_t took_us = 0;           // from the call's arrival at control to the last adoption
    std::int64_t stored_us = 0;         // of it: the durable write
    std::vector<std::string> changes;
    std::vector<std::string> moves;    // which traffic goes elsewhere, in words
    std::optional<Restored> restores;  // of an undo
    InFlightByUpstream in_flight;      // what the change leaves behind, by older generations
    bool drains = false;               // whether a drain of that id was opened
    bool dry_run = false;
    bool unchanged = false;          // the configuration was already so: no generation was made
    std::string unstored;            // in force, but the store refused it, for this reason: it is stored when it can be
    std::string confirm_by;          // the change is undone unless confirmed by then
    std::uint64_t repeated_now = 0;  // set: the first answer once more; the generation that is in force by now

    unsigned status() const { return waiting_for.empty() ? 200 : 202; }
};

nlohmann::ordered_json to_json(const Receipt& receipt);
nlohmann::ordered_json to_json(const InFlightByUpstream& in_flight);

}  // namespace switchyard::control
