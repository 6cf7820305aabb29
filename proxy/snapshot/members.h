// What a configured endpoint stands for: one member for an address or a unix socket; for a name one member for each
// address that is known of it, none while none is known.
//
// A member is balanced, checked, ejected and pooled by itself: its identity says where connect() goes. So a name's
// address that is no longer known takes its connections, its health and its counts with it.
// Pure. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "config/model/address.h"
#include "config/model/endpoint.h"
#include "config/model/upstream.h"
#include "proxy/snapshot/known_addresses.h"

namespace switchyard {

struct Member {
    std::string identity;  // "10.0.0.7:80"; of a name "app.internal:80@10.0.0.7". Unique in its upstream
    config::Address to;    // numeric, or a unix socket
};

// What the upstream of this name has: what is written, then what was discovered, as the operator wants it.
std::vector<config::Endpoint> endpoints_of(const std::string& name, const config::Upstream& upstream,
                                           const KnownAddresses& known);

std::vector<Member> members_of(const config::Address& endpoint, const KnownAddresses& known);

}  // namespace switchyard
