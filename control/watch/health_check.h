// One active check of one endpoint: connect (tcp), or connect, ask and look at the status (http).
//
// An endpoint that is told its clients by the PROXY protocol gets that header here too, naming nobody: it would take
// the check for a broken client without. Threads: control. Time: the whole check ends within `timeout`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

#include "config/model.h"

namespace switchyard::control {

struct CheckResult {
    bool ok = false;
    bool says_nothing = false;  // it could not be asked: something is lacking on this side
    std::string detail;         // why not: "connection refused", "answered 503, expected 200, 204"
};

boost::asio::awaitable<CheckResult> check_endpoint(config::Address address, config::Health health,
                                                   std::uint8_t send_proxy_protocol);

}  // namespace switchyard::control
