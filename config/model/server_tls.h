// How clients are met by TLS: which certificates are shown, and whom clients are asked for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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
    std::uint32_t max_handshakes_per_second = 0;  // over all workers; 0: no limit
    ClientCertificates client;
    std::map<std::string, HostTls> hosts;  // names or *.suffix, where it is another one
    bool operator==(const ListenerTls&) const = default;
};

struct AdminTls {                           // of the admin API
    std::vector<std::string> certificates;  // by name
    std::string by_default;                 // written "default"; empty: the first
    std::string min_version = "1.2";        // 1.2 | 1.3
    ClientCertificates client;
    bool operator==(const AdminTls&) const = default;
};

}  // namespace switchyard::config
