// Comments on posts.
//
// Threads: any. Errors: a Refusal (call.h), of which the dispatcher makes a problem answer; StoreError.
#pragma once

#include <string>

#include "forum/api/service.h"
#include "forum/domain/cursor.h"
#include "forum/store/comments.h"
#include "forum/store/posts.h"

namespace forum {

// The comment that the first argument names. Throws 404.
Comment comment_to_show(Connection& connection, const Call& call);

// The list of a post's comments and where its next page begins, for cursors.
std::string comment_list(const Post& post);
Cursor comment_cursor(const Comment& last);

Answer list_comments(Service& service, const Call& call);
Answer show_comment(Service& service, const Call& call);
Answer create_comment(Service& service, const Call& call);
Answer edit_comment(Service& service, const Call& call);
Answer remove_comment(Service& service, const Call& call);
Answer list_comment_history(Service& service, const Call& call);

}  // namespace forum
