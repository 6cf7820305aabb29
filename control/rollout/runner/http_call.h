// One HTTP call to another machine: a check, or a webhook that is told something.
//
// By https the server is believed under the name in its URL, by the authorities that `tls` names or the machine's own;
// nothing is sent to one that is not. The files are read anew for each call.
// Threads: control; never blocks it. The callback runs there exactly once, unless the executor is stopped first.
// Errors: words in the outcome; name look-up, connect, send and answer share one time limit.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>

#include "control/net/http_client.h"
#include "control/net/tls_client.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

using HttpOutcome = net::HttpAnswer;
using HttpDone = std::function<void(HttpOutcome)>;

// No check compares a number with more text around it than this.
inline constexpr std::size_t kMostAnswer = 256 * 1024;

struct HttpAsk {
    std::string url;
    std::string body;  // empty: GET, else POST of application/json
    Duration timeout{0};
    bool read_answer = false;  // its body, up to kMostAnswer
};

void http_call(const boost::asio::any_io_executor& executor, const HttpAsk& ask, HttpDone done,
               net::TlsClientSettings tls = {});

}  // namespace switchyard::control::rollout
