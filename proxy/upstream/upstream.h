// A compiled upstream: its endpoints, each at one address, and how to choose among them. A configured endpoint whose
// host is a name is one for each address that the name is known to have (snapshot/members.h).
//
// Invariants: immutable. Endpoint order is the configured one. Times in milliseconds, 0 where the model says "off".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/model/endpoint.h"
#include "config/model/upstream.h"
#include "proxy/net/socket_address.h"
#include "proxy/net/tls_outward.h"
#include "proxy/upstream/endpoint_state.h"

namespace switchyard {
struct SharedCount;
}

namespace switchyard::upstream {

class BreakerBoard;

struct Endpoint {
    std::shared_ptr<EndpointState> state;
    net::SocketAddress address;
    std::string text;        // its identity in the upstream: for hashes, logs, headers
    std::string configured;  // "name:port" as it is written; the Host of a request that has none
    std::string host;        // of it, for TLS; empty: a unix socket
    std::uint64_t session_key = 0;
    std::uint32_t weight = 1;
    std::uint32_t max_connections = 0;
    bool backup = false;
    config::EndpointState wanted = config::EndpointState::up;

    // May a new request be sent there, its load aside?
    bool routable() const { return wanted == config::EndpointState::up && weight > 0 && state->takes_requests(); }
};

struct Upstream {
    std::uint32_t id = 0;                  // Registry id: metrics, worker state
    std::shared_ptr<const void> identity;  // keeps the id from being given to another name
    std::uint32_t index = 0;               // in Snapshot::upstreams
    std::string name;
    std::vector<Endpoint> endpoints;
    config::Balance balance;
    config::Ejection ejection;
    std::int64_t connect_ms = 0, response_head_ms = 0, idle_ms = 0, queue_ms = 0;
    struct Keep {                  // idle connections, per endpoint and worker
        std::uint32_t most = 0;    // 0: none
        std::int64_t idle_ms = 0;  // for so long
    } keep;
    std::int64_t slow_start_ms = 0;
    config::WhenAllDown when_all_down = config::WhenAllDown::fail;
    std::uint32_t queue_limit = 0;
    std::shared_ptr<SharedCount> waiting;  // in the queues of all workers
    std::uint8_t send_proxy_protocol = 0;
    std::shared_ptr<const net::OutwardTls> tls;  // null: in clear
    config::EndpointProtocol protocol = config::EndpointProtocol::http1;
    bool has_backups = false;
    std::vector<std::uint16_t> maglev;  // consistent hash: table of endpoint indices; empty unless asked for
    config::Breaker breaker;
    std::shared_ptr<BreakerBoard> breaker_board;  // set when the breaker is on
    std::int32_t fallback = -1;                   // index in Snapshot::upstreams
    struct SessionCookie {
        std::string name;        // empty: none
        std::string attributes;  // what stands behind its value
    } session_cookie;
};

}  // namespace switchyard::upstream
