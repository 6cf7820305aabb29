// Which clients are let in, by their addresses: at a listener, or on a route.
//
// The narrowest block that a client is in decides, whatever the order; whom no block names is refused where there is an
// `allow` list, and let in where there is none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

inline constexpr std::string_view kAllClients = "all";  // in a list: each client, by a unix socket too

struct Access {
    std::vector<std::string> allow, deny;  // CIDRs, kUnixPeers, kAllClients
    bool operator==(const Access&) const = default;

    bool empty() const { return allow.empty() && deny.empty(); }
};

}  // namespace switchyard::config
