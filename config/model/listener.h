// Where clients come in: addresses, TLS, whom to believe, how long to wait.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/access.h"
#include "config/model/address.h"
#include "config/model/server_tls.h"
#include "config/text/duration.h"

namespace switchyard::config {

inline constexpr std::string_view kUnixPeers = "unix";  // in trusted_proxies: every peer on a unix socket

inline constexpr std::string_view kHttp1 = "http/1.1", kHttp2 = "h2";  // as in ALPN

struct Listener {
    std::string name;
    Address bind;
    std::uint32_t max_connections = 0;             // per listener over all workers; 0: no limit
    std::uint32_t max_connections_per_client = 0;  // likewise; of one address, or one IPv6 network
    bool proxy_protocol = false;                   // expect PROXY v1 or v2 before the first request
    std::vector<std::string> proxy_protocol_from;  // CIDRs, or kUnixPeers: of whom; empty: of every peer
    bool proxy_protocol_optional = false;          // they may leave it out
    std::string proxy_protocol_others = "refuse";  // refuse | plain: what becomes of other peers
    std::vector<std::string> trusted_proxies;      // CIDRs, or kUnixPeers, who are believed about requests
    Access access;                                 // whom it lets in
    std::string client_header;                     // where they name the client; empty: X-Forwarded-For, else Forwarded
    std::uint32_t max_head = 16 * 1024;            // bytes of a request's head
    std::uint32_t max_fields = 101;                // its fields
    Duration head_timeout = 10s;                   // first byte of a request to the end of its head
    Duration idle_timeout = 60s;                   // between requests
    std::uint64_t min_rate = 0;                    // bytes per second below which a body or a reader is cut; 0: off
    bool forwarded = false;                        // also write RFC 7239 Forwarded
    std::string cdn_loop;                // our name in CDN-Loop (RFC 8586); empty: none is written or looked for
    std::optional<ListenerTls> tls;      // none: in clear
    std::vector<std::string> protocols;  // kHttp1, kHttp2; none: both over TLS, kHttp1 in clear
    bool redirect_https = false;         // every request is sent to https:// with the same host and target
    std::string acme_challenges;         // folder of the challenges of certbot and the like; empty: none
    bool operator==(const Listener&) const = default;
};

}  // namespace switchyard::config
