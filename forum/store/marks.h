// What one user has read and how they voted. Kept apart from the posts, so that lists are the same for all.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"

namespace forum {

struct Mark {
    std::string post;  // public id
    int vote = 0;
    bool unread = true;  // never opened, or something happened since
};

void mark_post_read(Connection& connection, std::int64_t user, std::int64_t post, Instant at);

// In the order asked for; unknown posts are left out.
std::vector<Mark> marks_for(Connection& connection, std::int64_t user, const std::vector<std::string>& posts);

}  // namespace forum
