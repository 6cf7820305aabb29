// One connection of the admin API: read a call, dispatch it, write the answer; or stream events until the client goes.
//
// Threads: control. Errors: what cannot be parsed, is too large or comes too slowly is answered with a problem and ends
//   the connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "control/admin/call/context.h"
#include "control/admin/server/wire.h"

namespace switchyard::control {

boost::asio::awaitable<void> serve_session(std::shared_ptr<Wire> wire, std::string from, Context& context);

}  // namespace switchyard::control
