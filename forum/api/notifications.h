// What concerns the user who asks: notifications, and marks on posts (read, voted).
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer list_notifications(Service& service, const Call& call);
Answer mark_notifications_read(Service& service, const Call& call);
Answer mark_post_read(Service& service, const Call& call);
Answer list_marks(Service& service, const Call& call);

}  // namespace forum
