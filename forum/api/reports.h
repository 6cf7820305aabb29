// Reports: users ask moderators to look at something.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer report_post(Service& service, const Call& call);
Answer report_comment(Service& service, const Call& call);
Answer list_reports(Service& service, const Call& call);
Answer resolve_report(Service& service, const Call& call);

}  // namespace forum
