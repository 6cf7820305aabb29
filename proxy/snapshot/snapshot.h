// The compiled, immutable configuration of one generation: what workers route by.
//
// Invariants: never changes after compile(); indices inside it are valid. (generation, facts, led) says which of two is
//   the newer; with the same generation they differ in the addresses of names, in whom "@candidate" means, in the
//   secrets that references have led to, in the certificates that files hold, in the challenges that are open, and in
//   nothing else. What it shares with
//   other generations (EndpointState, cursors, sockets) belongs to the identity, not to the snapshot.
// Threads: read by all workers at once; dies with its last pin, on whichever thread that is.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/model/forward.h"
#include "proxy/net/challenge_book.h"
#include "proxy/net/listening_socket.h"
#include "proxy/net/tls_policy.h"
#include "proxy/route/access_list.h"
#include "proxy/route/route_table.h"
#include "proxy/snapshot/registry.h"
#include "proxy/upstream/upstream.h"

namespace switchyard {

struct ListenerPlan {
    std::string name;
    std::shared_ptr<net::ListeningSockets> sockets;
    std::shared_ptr<SharedCount> connections;
    route::CidrSet trusted_proxies;
    std::shared_ptr<const route::AccessList> access;  // null: it lets all in
    std::string client_header;                        // lower case; empty: X-Forwarded-For, else Forwarded
    std::uint32_t max_connections = 0;
    struct PerClient {
        std::uint32_t most = 0;  // 0: no limit
        std::uint64_t seed = 0;
        std::shared_ptr<route::KeyCounts> counts;  // set when there is one
    } per_client;
    struct ProxyProtocol {
        bool expected = false;
        bool optional = false;      // of those that are named
        bool others_plain = false;  // the others are clients themselves; else they are refused
        route::CidrSet from;        // empty: every peer
    } proxy_protocol;
    bool forwarded = false;
    struct CdnLoop {
        std::string name;   // in lower case; empty: off
        std::string field;  // the line that a request gets
    } cdn_loop;
    bool speaks_http1 = true, speaks_http2 = false;
    std::uint32_t max_head = http::kMaxHead, max_fields = http::kMaxFields;
    std::int64_t head_timeout_ms = 0;
    std::int64_t idle_timeout_ms = 0;
    std::uint64_t min_rate = 0;
    std::shared_ptr<const net::TlsPolicy> tls;             // null: in clear
    std::shared_ptr<const net::ChallengeBook> challenges;  // null: none is open
    std::string challenge_folder;                          // where other programs put theirs; empty: nowhere

    // Whether the peer names its client by a PROXY header, or may; and whether it is none that is let in at all.
    bool is_introduced_by(const route::ClientAddress& peer) const {
        return proxy_protocol.expected && (proxy_protocol.from.empty() || proxy_protocol.from.contains(peer));
    }
    bool refuses(const route::ClientAddress& peer) const {
        return proxy_protocol.expected && !proxy_protocol.others_plain && !is_introduced_by(peer);
    }
    bool answers_challenges() const { return challenges != nullptr || !challenge_folder.empty(); }
};

struct Snapshot {
    std::uint64_t generation = 0;
    std::uint64_t facts = 0;  // KnownAddresses::version that it was made with
    std::uint64_t led = 0;    // LedRoutes::version likewise
    std::shared_ptr<const config::Model> model;
    std::vector<std::shared_ptr<const ListenerPlan>> listeners;
    std::shared_ptr<const net::TlsPolicy> admin_tls;  // of the admin API; null: not by the book of certificates
    std::map<std::string, std::string> certificates;  // name → SHA-256 of the one that is in use
    std::vector<std::shared_ptr<const upstream::Upstream>> upstreams;
    std::vector<bool> routed;  // by upstream: does any route send it new requests?
    // Its arms index `upstreams`. One table for all snapshots of a generation: a tunnel may hold on to one for days.
    std::shared_ptr<route::RouteTable> route_table = std::make_shared<route::RouteTable>();
    const route::RouteTable& routes = *route_table;
};

}  // namespace switchyard
