// What a post, a comment, a tag and a category may contain. Text is stored as it was written; nothing is trimmed,
// rewritten or rendered here.
//
// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/field_error.h"

namespace forum {

inline constexpr std::size_t kTitleMax = 200;
// Code points. About ten pages of prose; together with four bytes each it stays below the request limit.
inline constexpr std::size_t kPostBodyMax = 40'000;
inline constexpr std::size_t kCommentBodyMax = 10'000;
inline constexpr std::size_t kTagsMax = 5;
inline constexpr std::size_t kTagMax = 30;
inline constexpr std::size_t kReasonMax = 500;
inline constexpr std::size_t kSlugMax = 40;
inline constexpr std::size_t kDescriptionMax = 500;
// Deeper answers are attached to the last allowed level by the client's choice of parent; readers cannot follow
// more, and the path column stays short.
inline constexpr int kCommentDepthMax = 8;
// Each mention writes a notification; without a limit one post could write thousands of rows.
inline constexpr std::size_t kMentionsMax = 10;

void check_title(std::string_view title, FieldErrors& errors);
void check_post_body(std::string_view body, FieldErrors& errors);
void check_comment_body(std::string_view body, FieldErrors& errors);
void check_tags(const std::vector<std::string>& tags, FieldErrors& errors);
void check_reason(std::string_view reason, FieldErrors& errors);
// Lower-case ASCII letters, digits and '-': slugs appear in addresses.
void check_slug(std::string_view slug, FieldErrors& errors);
void check_category_name(std::string_view name, FieldErrors& errors);
void check_description(std::string_view description, FieldErrors& errors);

}  // namespace forum
