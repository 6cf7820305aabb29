// One post: reading it and changing it. Lists of posts are in post_lists.h.
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

struct Post {
    std::int64_t row = 0;
    std::string public_id;
    std::string category;  // slug
    std::int64_t author_row = 0;
    std::string author;  // user name
    std::string title;
    std::string body;
    std::string tags;  // separated by spaces
    Instant created_at = 0;
    std::optional<Instant> edited_at;
    std::int64_t edit_version = 1;
    std::int64_t score = 0;
    std::int64_t comment_count = 0;
    Instant last_activity = 0;
    bool pinned = false;
    bool locked = false;
    bool deleted = false;
    double hot = 0;
};

std::optional<Post> post_named(Connection& connection, std::string_view public_id);

struct NewPost {
    std::int64_t category = 0;
    std::int64_t author = 0;
    std::string title;
    std::string body;
    std::vector<std::string> tags;
};
// Returns the public id.
std::string add_post(Connection& connection, const NewPost& post, Instant at);

// Keeps what it said before in the history.
void edit_post(Connection& connection, const Post& before, const NewPost& after, std::int64_t editor, Instant at);

void set_pinned(Connection& connection, const Post& post, bool pinned);
void set_locked(Connection& connection, const Post& post, bool locked);
// Soft: the row stays, `restore_post` brings it back.
void delete_post(Connection& connection, const Post& post, std::int64_t by, Instant at);
void restore_post(Connection& connection, const Post& post);

struct PostEdit {
    std::int64_t edit_version = 0;
    std::string title;
    std::string body;
    std::string tags;
    Instant written_at = 0;
    Instant replaced_at = 0;
    std::string replaced_by;
};
// Newest first, below `before_version`.
std::vector<PostEdit> post_history(Connection& connection, std::int64_t row, std::int64_t before_version, int limit);
// Forgets what it said before for good.
void purge_post_history(Connection& connection, const Post& post);

std::string join_tags(const std::vector<std::string>& tags);
std::vector<std::string> split_tags(std::string_view tags);

}  // namespace forum
