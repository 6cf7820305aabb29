// Who calls: by a token, or by a browser's session that was begun with one.
//
// Threads: control.
#pragma once

#include <optional>

#include "control/admin/call/context.h"
#include "control/admin/call/message.h"
#include "control/admin/call/route_table.h"

namespace switchyard::control {

// Sets who it is, or says why not; `refused` gets the headers of that answer.
std::optional<Problem> authenticate(Context& context, AdminRequest& request, AdminRoute::Access access,
                                    AdminReply& refused);
// A secret that is none was sent: false when that address has guessed too often, and is told nothing more.
std::optional<Problem> guessed(FailedAttempts& failed, const AdminRequest& request, AdminReply& refused);

}  // namespace switchyard::control
