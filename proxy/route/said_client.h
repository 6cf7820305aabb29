// Who the client of a request is, by what a trusted peer says about it.
//
// The client is the last address in the peer's list that is not itself trusted: everything above it may be made up.
//   A member that is no address (unknown, an obfuscated name, junk) hides what stands above it.
// Threads: pure functions; allocate nothing.
#pragma once

#include <string_view>

#include "proxy/http/head.h"
#include "proxy/route/cidr_set.h"

namespace switchyard::route {

// An address as proxies write it: with a port, in brackets, in quotes, or bare. Not an IP address: is_ip is false.
ClientAddress parse_node(std::string_view text);

// What a peer says of the client.
struct Said {
    ClientAddress client;
    std::string_view element;  // of Forwarded, where the client stands in one
};

// The parameter of that name in an element of Forwarded, without its quotes; empty where there is none.
std::string_view parameter_of(std::string_view element, std::string_view lower_name);

// `header`, in lower case: where the peer names the client; empty: X-Forwarded-For, and where there is none, Forwarded.
Said said_client(const char* base, const http::Head& head, std::string_view header, const CidrSet& trusted,
                 const ClientAddress& peer);

}  // namespace switchyard::route
