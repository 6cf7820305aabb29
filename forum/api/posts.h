// Posts: lists, one post with its first comments, writing, editing, history, removal.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include "forum/api/service.h"
#include "forum/store/posts.h"

namespace forum {

// The post that the first argument names; deleted ones exist for moderators only. Throws 404.
Post post_to_show(Connection& connection, const Call& call);

Answer list_posts(Service& service, const Call& call);
Answer show_post(Service& service, const Call& call);
Answer create_post(Service& service, const Call& call);
Answer edit_post(Service& service, const Call& call);
Answer remove_post(Service& service, const Call& call);
Answer list_post_history(Service& service, const Call& call);

}  // namespace forum
