// What a name server, or a file, may say that an address is.
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::control {

// The one way to write it; empty when it is no address.
std::string canonical_address(std::string_view text);

// Why no connection can be made to it, in words; empty when one may be tried. 0.0.0.0 would be this machine (filtering
// name servers answer it for what they block), a multicast address is none, and of a family that this machine has no
// route for, every connection would fail. Asks the kernel for a route; nothing is sent and nothing is waited for.
std::string why_unreachable(const std::string& address);

}  // namespace switchyard::control
