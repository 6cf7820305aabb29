// Which addresses a source may name: it is an input from outside, and a name server that is taken over must not lead
// requests to the metadata service of a cloud, to what listens on loopback, or back to this proxy.
//
// Pure. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "config/model/address.h"
#include "config/model/listener.h"

namespace switchyard::control::discovery {

// Why it is refused; empty: it may be taken. `allow`: blocks (CIDR) that are taken, and no others; without any, all but
// loopback, link-local, multicast and the unspecified address. Our own listeners never are: that would be a circle.
std::string why_refused(const config::Address& address, const std::vector<std::string>& allow,
                        const std::vector<config::Listener>& own);

}  // namespace switchyard::control::discovery
