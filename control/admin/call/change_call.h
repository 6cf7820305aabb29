// What every changing call has in common: If-Match, ?dry_run, Idempotency-Key, X-Reason, and the receipt as answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "control/admin/call/body.h"
#include "control/admin/call/message.h"
#include "control/core/change.h"
#include "control/core/controller.h"

namespace switchyard::control {

// The longest that a change may wait for its confirmation, at once.
inline constexpr std::chrono::hours kConfirmLimit{24};

Caller caller_of(const AdminRequest& request);

// Of a call with an Idempotency-Key: what makes it the same call.
std::string fingerprint_of(const AdminRequest& request);

// What every acting call may bring for the store and the audit: an Idempotency-Key and an X-Reason that are short and
// legible. The problem with them, if there is one.
std::optional<Problem> unfit_labels(const AdminRequest& request);

// If-Match of a call that acts without making a generation of its own (confirm, rollouts).
Result<void> unless_stale(const Controller& controller, const AdminRequest& request);

// ?dry_run and its like; false when it is not said.
Result<bool> wants(const AdminRequest& request, const std::string& query);
Result<bool> wants_dry_run(const AdminRequest& request);

// ?force: past the guard, whatever the health of what the traffic goes to; false when it is not said.
Result<bool> wants_force(const AdminRequest& request);

// A Change with everything but its edit.
Result<Change> change_call(const Controller& controller, const AdminRequest& request, std::string verb);

// "force", "confirm_within" and "drain": {"deadline", "policy"} of a body.
void read_change_options(CallBody& body, Change& change);

// The receipt with its ETag, or the problem.
Answered answer_with(Respond respond);

}  // namespace switchyard::control
