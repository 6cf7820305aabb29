// The sections of the forum.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer list_categories(Service& service, const Call& call);
Answer create_category(Service& service, const Call& call);
Answer edit_category(Service& service, const Call& call);

}  // namespace forum
