// One HTTP call to another machine: a check, or a webhook that is told something.
//
// By https the server is believed under the name in its URL, by the machine's own authorities (OpenSSL's SSL_CERT_FILE
// and SSL_CERT_DIR name others); nothing is sent before that.
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

// No check compares a number with more text around it than this.
inline constexpr std::size_t kMostAnswer = 256 * 1024;

struct HttpAsk {
    std::string url;
    std::string body;  // empty: GET, else POST of application/json
    Duration timeout{0};
    bool read_answer = false;  // its body, up to kMostAnswer
};

void http_call(boost::asio::any_io_executor executor, const HttpAsk& ask, HttpDone done);

}  // namespace switchyard::control::rollout
