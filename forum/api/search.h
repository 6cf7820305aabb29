// Full-text search over posts.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer search_posts(Service& service, const Call& call);

}  // namespace forum
