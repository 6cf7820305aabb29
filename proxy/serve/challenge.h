// An authority asks whether a host is ours (ACME, http-01, RFC 8555 §8.3): answered before any route is looked for, so
// also before a redirect to https.
//
// Threads: one worker. Owns nothing: the answer stands in the snapshot that the course is pinned to.
#pragma once

#include "proxy/net/task.h"
#include "proxy/route/asked.h"
#include "proxy/serve/client_lane.h"
#include "proxy/serve/course.h"
#include "proxy/serve/phase.h"

namespace switchyard::serve {

// The request may be one: most are none, and are told apart here.
bool asks_for_token(const route::Asked& asked);
// True: the request is for a challenge that is open, and `course.proof` answers it. Where other programs put their
// challenges in a folder, one that is not known yet is waited for, for a little while.
net::Task<bool> find_challenge(Phase& phase, const ClientLane& client, const route::Asked& asked, Course& course);

}  // namespace switchyard::serve
