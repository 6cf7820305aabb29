// Limits on how often a client may try. All answer 429 with Retry-After.
//
// Threads: any. Errors: the Refusal 429.
#pragma once

#include <string_view>

#include "forum/api/call.h"
#include "forum/api/service.h"
#include "forum/auth/password.h"

namespace forum {

// A look at a password. It is counted on the account before it is made, so that those at the same time cannot slip
// through together, and refused when there were too many; a right one is forgiven, and what failed on the account with
// it. Of an address only what failed counts, and stays: many people may stand behind one.
Attempt throttled_attempt(Service& service, const Call& call, std::string_view username);
// An account that was made or opened from an address is not locked out there by those who fail from elsewhere.
void remember_good_login(Service& service, const Call& call, std::string_view username);
void throttle_registration(Service& service, const Call& call);
// Counts searches whose answer has to be made, by address.
void throttle_search(Service& service, const Call& call);
// Counts calls that are no reads, by account.
void throttle_writes(Service& service, const Call& call);
// Counts what the account sends to be stored against what it may in a day, within the change that stores it.
void require_allowance(const Service& service, Connection& connection, const Call& call);

}  // namespace forum
