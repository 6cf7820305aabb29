// Where a request comes from, as far as the proxies in between can be trusted.
//
// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "forum/domain/address.h"

namespace forum {

// `peer` is the other end of the connection, `forwarded` all X-Forwarded-For lines in their order, with commas
// between. Of the list counts what trusted proxies added: the last entry that is none of them. Entries that are no
// addresses end the trust in what stands before them.
std::string caller_address(std::string_view peer, std::string_view forwarded, const Networks& trusted);

// Whether a Host header names this machine to itself. Another name means that a web page made a browser ask
// (DNS rebinding), or that there is a proxy in between which did not say so.
bool names_this_machine(std::string_view host);

}  // namespace forum
