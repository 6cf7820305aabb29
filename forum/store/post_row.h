// The columns that every query for posts begins with, in this order: id, public_id, category slug, author's id and
// name, title, body (or its beginning), tags, created_at, edited_at, edit_version, score, comment_count, last_activity,
// pinned, locked. What a query selects behind them is its own.
//
// Threads: one at a time per connection.
#pragma once

#include "forum/store/connection.h"
#include "forum/store/posts.h"

namespace forum {

inline Post post_row(const Query& query) {
    Post post;
    post.row = query.integer(0);
    post.public_id = query.text(1);
    post.category = query.text(2);
    post.author_row = query.integer(3);
    post.author = query.text(4);
    post.title = query.text(5);
    post.body = query.text(6);
    post.tags = query.text(7);
    post.created_at = query.integer(8);
    post.edited_at = query.maybe_integer(9);
    post.edit_version = query.integer(10);
    post.score = query.integer(11);
    post.comment_count = query.integer(12);
    post.last_activity = query.integer(13);
    post.pinned = query.integer(14) != 0;
    post.locked = query.integer(15) != 0;
    return post;
}

}  // namespace forum
