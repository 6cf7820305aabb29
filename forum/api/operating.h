// What the people and programs that run the forum ask it: probes, metrics, drain.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer show_livez(Service& service, const Call& call);
Answer show_readyz(Service& service, const Call& call);
Answer show_startupz(Service& service, const Call& call);
Answer show_metrics(Service& service, const Call& call);
Answer show_drain(Service& service, const Call& call);
// Unready from now on, so that no new work is sent; what comes is still answered. DELETE takes it back.
Answer begin_drain(Service& service, const Call& call);
Answer end_drain(Service& service, const Call& call);

}  // namespace forum
