// Registering, logging in, keeping the login alive and ending it.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer register_account(Service& service, const Call& call);
Answer log_in(Service& service, const Call& call);
Answer refresh_session(Service& service, const Call& call);
Answer log_out(Service& service, const Call& call);
Answer log_out_everywhere(Service& service, const Call& call);

}  // namespace forum
