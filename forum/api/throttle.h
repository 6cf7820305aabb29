#pragma once
// Limits on how often somebody may try. All answer 429 with Retry-After.

#include <string_view>

#include "forum/api/call.h"
#include "forum/api/service.h"

namespace forum {

/// Counts an attempt before it is made, so that attempts at the same time cannot slip through together.
void throttle_login(Service& service, const Call& call, std::string_view username);
/// After a right password: the attempts on this account are forgotten. Those of the address are not.
void forgive_login(Service& service, const Call& call, std::string_view username);
void throttle_registration(Service& service, const Call& call);
/// Counts calls that are no reads, by account.
void throttle_writes(Service& service, const Call& call);

}  // namespace forum
