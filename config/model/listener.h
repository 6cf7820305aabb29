// Where clients come in: addresses, TLS, whom to believe, how long to wait.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/address.h"
#include "config/text/duration.h"

namespace switchyard::config {

struct ClientCertificates {     // whom a listener asks for a certificate
    std::string mode = "none";  // none | optional | required
    std::string ca;             // PEM file of the authorities
    std::string crl;            // PEM file of what they have revoked; empty: nothing
    std::uint32_t depth = 1;    // certificates between the client's and the authority's
    bool forward = false;       // endpoints get it as Client-Cert
    bool operator==(const ClientCertificates&) const = default;
};

struct HostTls {
    ClientCertificates client;
    bool operator==(const HostTls&) const = default;
};

struct ListenerTls {
    std::vector<std::string> certificates;  // by name; each answers to the names that stand in it
    std::string by_default;                 // written "default"; empty: the first
    bool strict_sni = false;
    std::string min_version = "1.2";  // 1.2 | 1.3
    std::string ciphers;              // of TLS 1.2, as OpenSSL names them; empty: the usual ones
    Duration handshake_timeout = 10s;
    ClientCertificates client;
    std::map<std::string, HostTls> hosts;  // names or *.suffix, where it is another one
    bool operator==(const ListenerTls&) const = default;
};

inline constexpr std::string_view kUnixPeers = "unix";  // in trusted_proxies: every peer on a unix socket

inline constexpr std::string_view kHttp1 = "http/1.1", kHttp2 = "h2";  // as in ALPN

struct Listener {
    std::string name;
    Address bind;
    std::uint32_t max_connections = 0;         // per listener over all workers; 0: no limit
    bool proxy_protocol = false;               // expect PROXY v1 or v2 before the first request
    std::vector<std::string> trusted_proxies;  // CIDRs, or kUnixPeers, who are believed about requests
    std::string client_header;                 // where they name the client; empty: X-Forwarded-For, else Forwarded
    Duration head_timeout = 10s;               // first byte of a request to the end of its head
    Duration idle_timeout = 60s;               // between requests
    std::uint64_t min_rate = 0;                // bytes per second below which a body or a reader is cut; 0: off
    bool forwarded = false;                    // also write RFC 7239 Forwarded
    std::optional<ListenerTls> tls;            // none: in clear
    std::vector<std::string> protocols;        // kHttp1, kHttp2; none: both over TLS, kHttp1 in clear
    bool redirect_https = false;               // every request is sent to https:// with the same host and target
    std::string acme_challenges;               // folder of the challenges of certbot and the like; empty: none
    bool operator==(const Listener&) const = default;
};

}  // namespace switchyard::config
