// One active check of one endpoint: connect (tcp; by TLS with its handshake), or connect, ask and look at the status
// (http) or at what its service of health says (grpc); or a program looks (exec, program_check.h).
//
// An endpoint that is told its clients by the PROXY protocol gets that header here too, naming no client: it would take
// the check for a broken client without. Threads: control. Time: the whole check ends within `timeout`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/model/address.h"
#include "config/model/health.h"
#include "config/model/upstream.h"
#include "control/watch/check_result.h"
#include "proxy/net/tls_outward.h"

namespace switchyard::control {

// How the endpoint is spoken to: as by the data plane.
struct CheckBy {
    std::uint8_t send_proxy_protocol = 0;
    std::shared_ptr<const switchyard::net::OutwardTls> tls = nullptr;  // null: in clear
    std::shared_ptr<switchyard::net::TlsSessions> sessions = nullptr;  // of the checks before
    config::EndpointProtocol protocol = config::EndpointProtocol::http1;
    std::string upstream = {};              // for a program
    std::vector<std::string> program = {};  // its words, of a check by one
};

// `address` is where it goes: the same that the data plane connects to. `configured` is how the endpoint calls itself.
boost::asio::awaitable<CheckResult> check_endpoint(config::Address address, config::Address configured,
                                                   config::Health health, CheckBy by);

}  // namespace switchyard::control
