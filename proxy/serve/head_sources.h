// What the heads that an exchange writes are made of. Read, never changed.
//
// Threads: one worker. Owns nothing.
#pragma once

#include "proxy/route/asked.h"
#include "proxy/serve/client_lane.h"
#include "proxy/serve/course.h"
#include "proxy/serve/lease.h"
#include "proxy/serve/request_id.h"

namespace switchyard::serve {

struct HeadSources {
    const route::Asked& asked;
    const Course& course;
    const Lease& lease;
    const ClientLane& client;
    const RequestId& id;
};

}  // namespace switchyard::serve
