// The answers to a post, as a thread. See domain/comment_path.h for their order.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"

namespace forum {

struct Comment {
    std::int64_t row = 0;
    std::string public_id;
    std::int64_t post_row = 0;
    std::string post;    // public id
    std::string parent;  // public id, empty for a comment on the post itself
    std::int64_t author_row = 0;
    std::string author;
    std::string path;
    std::string body;
    Instant created_at = 0;
    std::optional<Instant> edited_at;
    std::int64_t edit_version = 1;
    std::int64_t score = 0;
    bool deleted = false;
    bool post_deleted = false;
};

std::optional<Comment> comment_named(Connection& connection, std::string_view public_id);

// In thread order, behind `after_path`. Deleted ones are there too, so that their answers keep their place.
std::vector<Comment> comments_of(Connection& connection, std::int64_t post_row, std::string_view after_path, int limit);

struct NewComment {
    std::int64_t post = 0;    // row
    std::string post_id;      // public id
    std::int64_t parent = 0;  // row, 0 for none
    std::string parent_path;
    std::int64_t author = 0;
    std::string body;
};
struct AddedComment {
    std::int64_t row = 0;
    std::string public_id;
};
// Recounts the post's comments and moves its last activity.
AddedComment add_comment(Connection& connection, const NewComment& comment, Instant at);

void edit_comment(Connection& connection, const Comment& before, std::string_view body, std::int64_t editor,
                  Instant at);
void delete_comment(Connection& connection, const Comment& comment, std::int64_t by, Instant at);
void restore_comment(Connection& connection, const Comment& comment);

struct CommentEdit {
    std::int64_t edit_version = 0;
    std::string body;
    Instant written_at = 0;
    Instant replaced_at = 0;
    std::string replaced_by;
};
std::vector<CommentEdit> comment_history(Connection& connection, std::int64_t row, std::int64_t before_version,
                                         int limit);
// Forgets what it said before for good.
void purge_comment_history(Connection& connection, const Comment& comment);

}  // namespace forum
