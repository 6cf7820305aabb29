// Posts and comments that answer a search, the best first. How they are ranked is in text_index.h; what
// words are, in domain/search_terms.h.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/store/posts.h"
#include "forum/store/search_share.h"

namespace forum {

struct FoundComment {
    std::string public_id;
    std::string author;
    std::string body;
    Instant created_at = 0;
};

struct Found {
    Post post;                            // with the whole body, unless a comment was found
    std::optional<FoundComment> comment;  // what was found, when it was not the post itself
    std::int64_t place = 0;               // among all that was found, shown or not; the next page begins behind it
};

// `typed` holds a word. What is deleted, or stands below a deleted post, is left out. `from` is 0 or a place plus one.
// When `share` is over the best of what was ranked so far is the answer.
std::vector<Found> search(Connection& connection, std::string_view typed, std::int64_t from, int limit,
                          SearchShare share = {});

}  // namespace forum
