// One HTTP call to somebody outside: a check that must answer 2xx, or a webhook that is told something.
//
// Threads: control; never blocks it. The callback runs there exactly once, unless the executor is stopped first.
// Errors: words in the outcome; name look-up, connect, send and answer share one time limit.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>

#include "control/rollout/plan.h"
#include "control/watch/outbound_call.h"

namespace switchyard::control::rollout {

using HttpOutcome = CallOutcome;
using HttpDone = std::function<void(HttpOutcome)>;

// GET without a body, POST (application/json) with one.
void http_call(boost::asio::any_io_executor executor, const std::string& url, const std::string& body, Duration timeout,
               HttpDone done);

}  // namespace switchyard::control::rollout
