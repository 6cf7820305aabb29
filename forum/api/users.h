// Profiles: one's own and those of others.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/json_text.h"
#include "forum/api/service.h"
#include "forum/store/accounts.h"

namespace forum {

// What all may see of a user.
void write_user(JsonText& json, const Account& account);

Answer show_me(Service& service, const Call& call);
Answer edit_me(Service& service, const Call& call);
Answer change_password(Service& service, const Call& call);
Answer show_user(Service& service, const Call& call);
Answer list_user_posts(Service& service, const Call& call);

}  // namespace forum
