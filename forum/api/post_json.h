#pragma once
// How posts and comments look in JSON, alone and in pages.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "forum/api/json_text.h"
#include "forum/api/service.h"
#include "forum/domain/cursor.h"
#include "forum/store/comments.h"
#include "forum/store/post_lists.h"

namespace forum {

/// Members without the braces; with the body, or with its beginning as "excerpt".
void write_post_members(JsonText& json, const Post& post, bool whole);
void write_comment(JsonText& json, const Comment& comment);

/// `cursor` of the query. Throws 400 when it does not belong to this list.
std::optional<Cursor> cursor_of(const Call& call, const std::string& list);

/// One member: an array of posts with their excerpts.
void write_posts(JsonText& json, std::string_view name, const std::vector<Post>& posts);

/// {"items": […], "next": cursor or null}; `posts` holds one more than the limit when there is a next page.
Answer posts_page(const std::string& list, std::vector<Post>& posts, int limit,
                  const std::function<Cursor(const Post&)>& cursor);

/// "next": cursor of the last shown or null. Drops the extra entry.
template <class Entry, class MakeCursor>
std::optional<std::string> cut_page(const std::string& list, std::vector<Entry>& entries, int limit,
                                    MakeCursor&& make) {
    if (entries.size() <= static_cast<std::size_t>(limit)) return std::nullopt;
    entries.resize(static_cast<std::size_t>(limit));
    return cursor_text(list, make(entries.back()));
}

void write_next(JsonText& json, const std::optional<std::string>& next);

}  // namespace forum
