// Who calls, and whether they may.
//
// Threads: any. Errors: a Refusal (call.h): 401, 403. Nothing is kept between calls.
#pragma once

#include "forum/api/call.h"
#include "forum/api/service.h"
#include "forum/domain/access.h"

namespace forum {

// A guest without an Authorization header. A token that does not hold is a 401 Refusal even where guests are welcome:
// its owner thinks to be logged in and must learn to refresh it. Session, role and ban are read from the database, so
// what was taken away is gone with the next request, on every process and beside every release. Nothing of it is
// cached: one look into two indexes costs less than a round trip to Redis, which could be late or lie.
Caller authenticate(Service& service, const Call& call);

// Throws 401 or 403.
void require_access(Access access, const Caller& caller);
void require_operator(const Service& service, const Call& call);
void require_watcher(const Service& service, const Call& call);
bool is_watcher(const Service& service, const Call& call);

}  // namespace forum
