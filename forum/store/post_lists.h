// Pages of posts in one of the orders of domain/ranking.h.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/cursor.h"
#include "forum/domain/ranking.h"
#include "forum/store/posts.h"

namespace forum {

struct PostListing {
    Order order = Order::hot;
    std::optional<std::int64_t> category;  // row
    std::string tag;                       // empty: any
    std::optional<Cursor> after;
    int limit = 25;
};

// Posts without deleted ones; `body` holds the first 280 characters only.
std::vector<Post> list_posts(Connection& connection, const PostListing& listing);
std::vector<Post> pinned_posts(Connection& connection, std::optional<std::int64_t> category);
std::vector<Post> posts_by_author(Connection& connection, std::int64_t author, std::int64_t before_row, int limit);

// Where the page after `last` begins.
Cursor cursor_after(Order order, const Post& last);

}  // namespace forum
