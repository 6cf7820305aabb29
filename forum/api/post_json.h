#pragma once
// How posts and comments look in JSON, alone and in lists.

#include <string_view>
#include <vector>

#include "forum/api/json_text.h"
#include "forum/store/comments.h"
#include "forum/store/post_lists.h"

namespace forum {

/// Members without the braces; with the body, or with its beginning as "excerpt".
void write_post_members(JsonText& json, const Post& post, bool whole);
void write_comment(JsonText& json, const Comment& comment);

/// One member: an array of posts with their excerpts.
void write_posts(JsonText& json, std::string_view name, const std::vector<Post>& posts);
void write_listed_post(JsonText& json, const Post& post);

}  // namespace forum
