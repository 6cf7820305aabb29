// Votes: one per user and thing, by primary key. Scores are recomputed from the votes in the same transaction.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>

#include "forum/domain/instant.h"
#include "forum/store/comments.h"
#include "forum/store/connection.h"
#include "forum/store/posts.h"

namespace forum {

// `value` is 1, -1, or 0 to take the vote back. Returns the new score.
std::int64_t vote_on_post(Connection& connection, const Post& post, std::int64_t user, int value, Instant at);
std::int64_t vote_on_comment(Connection& connection, const Comment& comment, std::int64_t user, int value, Instant at);

}  // namespace forum
