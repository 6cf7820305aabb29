// From a call to its handler: find the row, check who asks, check the role, call.
//
// Threads: control. Errors: everything is answered with a problem; an exception in a handler becomes a 500.
#pragma once

#include "control/admin/call/context.h"
#include "control/admin/call/message.h"

namespace switchyard::control {

void dispatch(Context& context, AdminRequest request, Respond respond);

}  // namespace switchyard::control
