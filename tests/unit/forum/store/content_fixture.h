#pragma once
// Two users who write posts and comments.

#include <string>
#include <vector>

#include "forum/store/accounts.h"
#include "forum/store/categories.h"
#include "forum/store/comments.h"
#include "forum/store/posts.h"
#include "store_fixture.h"

namespace forum {

struct Content {
    Directory directory;
    Connection connection{migrated(directory), Connection::Mode::read_write};
    Account alice = add_account(connection, "alice", "x", Role::member, 1'000);
    Account bob = add_account(connection, "bob", "x", Role::member, 1'000);
    std::int64_t general = category_named(connection, "general")->row;

    Post post(const std::string& title, const std::string& body, Instant at, std::vector<std::string> tags = {}) {
        return *post_named(connection, add_post(connection, {general, alice.row, title, body, std::move(tags)}, at));
    }
    Comment comment(const Post& post, const std::string& body, Instant at, const Comment* parent = nullptr) {
        NewComment fresh{post.row, post.public_id, 0, "", bob.row, body};
        if (parent != nullptr) {
            fresh.parent = parent->row;
            fresh.parent_path = parent->path;
        }
        return *comment_named(connection, add_comment(connection, fresh, at).public_id);
    }
};

}  // namespace forum
