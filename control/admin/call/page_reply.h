// The dashboard's page and its files at /ui: no secret in them, and so no token for them.
//
// Threads: control.
#pragma once

#include <optional>

#include "control/admin/call/context.h"
#include "control/admin/call/message.h"

namespace switchyard::control {

// Nothing: the call is not for the dashboard.
std::optional<AdminReply> page_reply(Context& context, const AdminRequest& request);

}  // namespace switchyard::control
