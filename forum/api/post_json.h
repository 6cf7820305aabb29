#pragma once
// How posts and comments look in JSON, alone and in lists.

#include <string_view>
#include <vector>

#include "forum/api/call.h"
#include "forum/api/json_text.h"
#include "forum/store/comments.h"
#include "forum/store/post_lists.h"

namespace forum {

/// How a text is told: as it was written, and made into HTML besides.
enum class Format { text, html };
/// `format` of the query. Throws 400.
Format format_of(const Call& call);

/// Members without the braces; with the body, or with its beginning in plain text as "excerpt".
void write_post_members(JsonText& json, const Post& post, bool whole, Format format = Format::text);
void write_comment(JsonText& json, const Comment& comment, Format format = Format::text);

/// One member: an array of posts with their excerpts.
void write_posts(JsonText& json, std::string_view name, const std::vector<Post>& posts);
void write_listed_post(JsonText& json, const Post& post);

}  // namespace forum
