// How posts and comments look in JSON, alone and in lists.
//
// Threads: any. Errors: an unknown format is a 400 Refusal.
#pragma once

#include <string_view>
#include <vector>

#include "forum/api/json_text.h"
#include "forum/api/rendered_texts.h"
#include "forum/api/service.h"
#include "forum/store/comments.h"
#include "forum/store/post_lists.h"

namespace forum {

// How a text is told: as it was written, or made into HTML besides.
struct Format {
    RenderedTexts* html = nullptr;  // where it is made; nullptr: it is not asked for
};
// `format` of the query. Throws 400.
Format format_of(Service& service, const Call& call);

// Members without the braces; with the body, or with its beginning in plain text as "excerpt".
void write_post_members(JsonText& json, const Post& post, bool whole, Format format = {});
void write_comment(JsonText& json, const Comment& comment, Format format = {});

// One member: an array of posts with their excerpts.
void write_posts(JsonText& json, std::string_view name, const std::vector<Post>& posts);
void write_listed_post(JsonText& json, const Post& post);

}  // namespace forum
