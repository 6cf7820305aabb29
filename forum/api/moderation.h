// What moderators and admins do, and what users ask them to look at.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include <string>

#include "forum/api/service.h"

namespace forum {

// `reason` of the query, for calls without a body; checked, may be empty.
std::string reason_of(const Call& call);

Answer pin_post(Service& service, const Call& call);
Answer purge_post_history(Service& service, const Call& call);
Answer purge_comment_history(Service& service, const Call& call);
Answer unpin_post(Service& service, const Call& call);
Answer lock_post(Service& service, const Call& call);
Answer unlock_post(Service& service, const Call& call);
Answer restore_post(Service& service, const Call& call);
Answer restore_comment(Service& service, const Call& call);

Answer ban_user(Service& service, const Call& call);
Answer unban_user(Service& service, const Call& call);
Answer set_user_role(Service& service, const Call& call);
Answer rotate_signing_keys(Service& service, const Call& call);

Answer list_moderation_log(Service& service, const Call& call);

}  // namespace forum
