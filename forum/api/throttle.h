#pragma once
// Limits on how often somebody may try. All answer 429 with Retry-After.

#include <string_view>

#include "forum/api/call.h"
#include "forum/api/service.h"

namespace forum {

/// Counts an attempt on an account before it is made, so that attempts at the same time cannot slip through together.
/// An address is refused for what failed only: many people may stand behind one.
void throttle_login(Service& service, const Call& call, std::string_view username);
/// After a wrong password.
void count_failed_login(Service& service, const Call& call);
/// After a right password: the attempts on this account are forgotten. What failed from the address is not.
void forgive_login(Service& service, const Call& call, std::string_view username);
void throttle_registration(Service& service, const Call& call);
/// Counts calls that are no reads, by account.
void throttle_writes(Service& service, const Call& call);

}  // namespace forum
