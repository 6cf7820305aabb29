// One call that wants to change something: who asks, what edit, and under which conditions.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "config/model/process.h"
#include "control/core/receipt.h"
#include "control/edits/edit.h"
#include "control/store/records.h"

namespace switchyard::control {

struct Caller {
    std::string who;   // name of the token, "file", "switchyard" or "rollout r1"
    std::string from;  // remote address, or the file's path
    std::string reason;
    bool operator==(const Caller&) const = default;
};

// The verb of a file that is read again by itself: no caller is there to insist.
inline constexpr const char* kReloadVerb = "file";

struct Change {
    std::string verb;  // as the audit names it
    Caller caller;
    Edit edit;
    config::Role role = config::Role::admin;  // an operator's change must stay within an operator's reach
    std::optional<std::uint64_t> if_match;
    bool dry_run = false;
    std::string idempotency_key;
    std::string fingerprint;  // of the whole call, to tell a repetition from another call with the same key
    std::optional<std::chrono::milliseconds> confirm_within;
    std::optional<std::chrono::milliseconds> drain_deadline;
    DrainPolicy drain_policy = DrainPolicy::leave;
    std::optional<FileBase> file;  // the edit takes this file over
    bool settles_pending = false;  // allowed while another change waits for confirmation: undo
    std::string holder;            // the rollout that makes this change may touch the routes it holds
    // Put in force even where the store refuses it, and stored as soon as it can be: a return to the old release.
    bool unstored_if_need_be = false;
    bool force = false;     // past the guard: the caller insists, or an automatic return must not be kept from its way
    bool document = false;  // a whole one: judged beside control's thread, so the edit must not look at control
    std::optional<JournalRow> journal;  // durable with it
    std::optional<Restored> restores;   // an earlier generation is what the edit brings back
};

// Who holds a route.
struct Holder {
    std::string rollout;     // empty: none
    bool returning = false;  // its traffic is on its way back: an undo may go before it
    std::string to = {};     // the upstream it leads to: who @candidate is meanwhile
    bool operator==(const Holder&) const = default;
};
using Holders = std::map<std::string, Holder>;  // by route
// 409 for every other caller.
Problem held_problem(const std::string& route, const Holder& by);

// A Problem for what was refused; a Receipt (200 or 202) for what was done.
using Answer = Result<Receipt>;
using Answered = std::function<void(Answer)>;

}  // namespace switchyard::control
