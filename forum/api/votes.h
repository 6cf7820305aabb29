// Votes on posts and comments.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer vote_on_post(Service& service, const Call& call);
Answer vote_on_comment(Service& service, const Call& call);

}  // namespace forum
