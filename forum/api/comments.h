#pragma once
// Comments on posts.

#include "forum/api/service.h"
#include "forum/store/comments.h"

namespace forum {

/// The comment that the first argument names. Throws 404.
Comment comment_to_show(Connection& connection, const Call& call);

Answer list_comments(Service& service, const Call& call);
Answer show_comment(Service& service, const Call& call);
Answer create_comment(Service& service, const Call& call);
Answer edit_comment(Service& service, const Call& call);
Answer remove_comment(Service& service, const Call& call);
Answer list_comment_history(Service& service, const Call& call);

}  // namespace forum
