// Idempotency of the calls that make no generation (confirm, rollouts): the first answer to each key is kept in the
// store, so that a repeated call is answered again and done once, also after a restart. core/answers does it for
// changes.
//
// Invariants: an answer is durable before it is given. A key belongs to its caller; with another call it is refused,
//   never answered with somebody else's answer. Failures are not kept: nothing was done, and trying again is what the
//   key is for.
// Threads: control; these calls are answered before the next one is looked at.
#pragma once

#include <optional>

#include "control/admin/message.h"
#include "control/store/store.h"

namespace switchyard::control {

// The answer to give instead of doing it: the first one, or a refusal. Nothing: the key is new, or there is none.
std::optional<AdminReply> first_reply(Store& store, const AdminRequest& request);
void keep_reply(Store& store, const AdminRequest& request, const AdminReply& reply);

}  // namespace switchyard::control
