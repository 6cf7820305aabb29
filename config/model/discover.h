// Endpoints that are discovered: these are the rules; what is found is a fact and stands nowhere here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/text/duration.h"

namespace switchyard::config {

struct DiscoverFile {
    std::string path;
    bool operator==(const DiscoverFile&) const = default;
};
struct DiscoverDns {  // A and AAAA
    std::string name;
    std::uint16_t port = 0;
    std::string family = "any";  // any | ipv4 | ipv6
    bool operator==(const DiscoverDns&) const = default;
};
struct DiscoverSrv {
    std::string name;
    bool operator==(const DiscoverSrv&) const = default;
};
struct DiscoverEtcd {
    std::string prefix;
    bool operator==(const DiscoverEtcd&) const = default;
};
struct DiscoverConsul {
    std::string service;
    std::vector<std::string> tags;  // all of them
    std::string datacenter;         // empty: the agent's
    bool operator==(const DiscoverConsul&) const = default;
};
struct DiscoverKubernetes {
    std::string name_space;  // written "namespace"
    std::string service;
    std::string port;  // by name, or its number; empty: the only one
    bool operator==(const DiscoverKubernetes&) const = default;
};
struct Discover {  // exactly one
    std::optional<DiscoverFile> file;
    std::optional<DiscoverDns> dns;
    std::optional<DiscoverSrv> srv;
    std::optional<DiscoverEtcd> etcd;
    std::optional<DiscoverConsul> consul;
    std::optional<DiscoverKubernetes> kubernetes;
    bool operator==(const Discover&) const = default;
};

struct Discovery {                           // how far a source is believed
    Duration hold = 10s;                     // what is not named any more stays so long while it is healthy
    Duration min_ttl = 1s;                   // of answers of name servers
    Duration max_ttl = 5min;                 //
    std::uint32_t max_removed_percent = 50;  // more at once, of three or more: must be confirmed
    Duration confirm_after = 30s;            // how long a mass removal, or an empty answer, must stand
    bool allow_empty = false;                // an empty answer may be meant
    std::vector<std::string> allow;          // CIDRs; empty: all but what is no other machine's
    std::uint32_t max_endpoints = 1000;      // more is a mistake
    bool operator==(const Discovery&) const = default;
};

}  // namespace switchyard::config
