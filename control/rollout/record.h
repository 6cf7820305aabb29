// One line of a rollout's journal: something that was decided. The lines alone rebuild the state machine.
//
// Invariants: a record is durable before anything it says is done; text round-trips: parse_record(line(r)) == r.
// Threads: plain values. `at` is wall-clock time for people; nothing is ever computed from it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

struct Record {
    enum class Kind : std::uint8_t {
        started,       // detail: the plan
        step,          // entered `step`; traffic is to get `weight`
        paused,        // by a person
        resumed,       // by a person; the step's bake begins anew
        inconclusive,  // the step waited in vain, or its counts cannot be trusted
        rolled_back,   // detail: the evidence
        returning,     // a gradual rollback is down to `weight`
        aborted,       // by a person
        succeeded,
        restarted,  // the process came back; the step's bake begins anew
        closed,     // the last weight is in force: nothing is left to do
        approved    // a pause of the plan: one of the people that it wants
    };
    Kind kind = Kind::started;
    std::size_t step = 0;
    Ppm weight = 0;
    std::string by;                 // a person's token, "evidence", "policy", "check smoke", "health", "switchyard"
    std::string why;                // one sentence for people
    nlohmann::ordered_json detail;  // null for most
    std::string at;
    bool operator==(const Record&) const = default;
};

std::string_view word(Record::Kind kind);
nlohmann::ordered_json to_json(const Record& record);
// Nothing when it is no record of ours (a half-written line, a later version's kind).
std::optional<Record> parse_record(std::string_view line);

}  // namespace switchyard::control::rollout
