// A named group of endpoints: how one is chosen, reached, given up and replaced.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/model/cookie.h"
#include "config/model/discover.h"
#include "config/model/endpoint.h"
#include "config/model/health.h"
#include "config/model/key.h"
#include "config/text/duration.h"
#include "config/text/spelling.h"

namespace switchyard::config {

struct Balance {
    enum class Kind : std::uint8_t { random_two, weighted_round_robin, least_connections, ip_hash, peak_ewma, hash };
    Kind kind = Kind::random_two;
    Key hash_key;  // for hash: consistent (Maglev) with bounded load
    bool operator==(const Balance&) const = default;
};
template <>
std::span<const Spelling<Balance::Kind>> spellings<Balance::Kind>();  // without `hash`, which carries a key

struct Ejection {
    std::uint32_t consecutive_failures = 5;  // 0: off
    std::uint32_t failure_percent = 0;       // 0: off; over `window`, from `min_requests` on
    std::uint32_t min_requests = 20;
    Duration window = 10s;
    Duration base_time = 30s;  // times the number of ejections so far
    Duration max_time = 5min;
    std::uint32_t max_ejected_percent = 50;  // at least one endpoint may always be ejected when there are two or more
    std::uint32_t panic_percent = 0;         // fewer routable than this: ignore ejections; 0: off
    bool operator==(const Ejection&) const = default;
};

struct UpstreamTimeouts {
    Duration connect = 1s;
    Duration response_head = 30s;
    Duration idle = 60s;  // no byte in either direction while a body or a tunnel is open
    Duration queue = 1s;  // waiting for a free place when every endpoint is at max_connections
    bool operator==(const UpstreamTimeouts&) const = default;
};

struct Keepalive {
    std::uint32_t max_idle = 256;  // idle connections kept per endpoint and worker; 0: none
    Duration idle_timeout = 60s;
    bool operator==(const Keepalive&) const = default;
};

enum class WhenAllDown : std::uint8_t { fail, try_all };  // no endpoint of the upstream is up
template <>
std::span<const Spelling<WhenAllDown>> spellings<WhenAllDown>();

struct Breaker {
    std::uint32_t failure_percent = 0;  // 0: failures do not open it
    std::uint32_t slow_percent = 0;     // 0: slowness does not
    Duration slow_over = 0ms;           // end of the request to the head of its answer: longer is slow
    std::uint32_t min_requests = 20;
    Duration window = 10s;
    Duration open_time = 10s;
    std::string fallback;  // upstream that serves meanwhile; empty: static_status
    std::uint16_t static_status = 503;
    std::string static_body;
    bool operator==(const Breaker&) const = default;

    bool on() const { return failure_percent != 0 || slow_percent != 0; }
};

struct StickySession {   // sticks a client to one endpoint by a cookie of ours
    std::string cookie;  // empty: off
    CookieAttributes attributes;
    bool operator==(const StickySession&) const = default;
};

struct UpstreamTls {                  // how endpoints are spoken to
    bool verify = true;               // their certificates: who signed them, until when, for whom
    std::string ca;                   // PEM file of the authorities; empty: the machine's own
    std::string server_name;          // who they say they are; empty: the host of their address
    std::string certificate;          // shown to them, by name; empty: none
    std::string min_version = "1.2";  // 1.2 | 1.3
    bool lenient_close = false;       // a body without a length may end without TLS's own end
    bool operator==(const UpstreamTls&) const = default;
};

// What endpoints are spoken to in. automatic: what they choose by ALPN.
enum class EndpointProtocol : std::uint8_t { http1, http2, automatic };
template <>
std::span<const Spelling<EndpointProtocol>> spellings<EndpointProtocol>();

struct Upstream {
    std::vector<Endpoint> endpoints;
    std::optional<Discover> discover;
    Discovery discovery;
    std::map<std::string, EndpointOverride> endpoint_overrides;  // by address
    Balance balance;
    Health health;
    Ejection ejection;
    UpstreamTimeouts timeouts;
    Keepalive keepalive;
    Breaker breaker;
    StickySession sticky_session;
    Duration slow_start{0};
    WhenAllDown when_all_down = WhenAllDown::fail;
    std::uint32_t queue_limit = 0;         // requests that may wait for a free endpoint; 0: none wait
    std::uint8_t send_proxy_protocol = 0;  // 0, 1 or 2: the version sent to endpoints
    std::optional<UpstreamTls> tls;        // none: in clear
    EndpointProtocol protocol = EndpointProtocol::http1;
    bool operator==(const Upstream&) const = default;
};

}  // namespace switchyard::config
