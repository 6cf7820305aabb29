#include "forum/domain/content_rules.h"

#include <algorithm>
#include <set>

#include "forum/domain/utf8.h"
#include "forum/domain/visible_text.h"

namespace forum {

namespace {

void check_text(std::string_view pointer, std::string_view text, std::size_t limit, bool lines, FieldErrors& errors) {
    if (is_blank(text)) {
        errors.push_back({std::string(pointer), "must not be blank"});
    } else if (code_points(text) > limit) {
        errors.push_back({std::string(pointer), "must have at most " + std::to_string(limit) + " characters"});
    } else if (has_control_characters(text, lines)) {
        errors.push_back({std::string(pointer), "must not contain control characters"});
    } else if (has_deceptive_characters(text, lines)) {
        errors.push_back({std::string(pointer), "must not contain characters that hide or turn around text"});
    }
}

bool is_slug(std::string_view text) {
    return !text.empty() && text.front() != '-' && text.back() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

// Tags may be in any script, but they are separated by spaces in storage and stand in addresses.
bool is_tag(std::string_view tag) {
    static constexpr std::string_view kForbidden = " \"'&<>#?/\\,%";
    return !is_blank(tag) && code_points(tag) <= kTagMax && !has_control_characters(tag, false) &&
           !has_deceptive_characters(tag, false) && tag.find_first_of(kForbidden) == std::string_view::npos &&
           is_one_spelling(tag);
}

}  // namespace

void check_title(std::string_view title, FieldErrors& errors) {
    check_text("/title", title, kTitleMax, false, errors);
}

void check_post_body(std::string_view body, FieldErrors& errors) {
    check_text("/body", body, kPostBodyMax, true, errors);
}

void check_comment_body(std::string_view body, FieldErrors& errors) {
    check_text("/body", body, kCommentBodyMax, true, errors);
}

void check_tags(const std::vector<std::string>& tags, FieldErrors& errors) {
    if (tags.size() > kTagsMax) errors.push_back({"/tags", "must have at most 5 entries"});
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < tags.size() && i < kTagsMax; ++i) {
        const std::string pointer = "/tags/" + std::to_string(i);
        if (!is_tag(tags[i])) {
            errors.push_back({pointer, "must have 1 to 30 characters, no capital letters, spaces or signs like # & /"});
        } else if (!seen.insert(tags[i]).second) {
            errors.push_back({pointer, "must not be given twice"});
        }
    }
}

void check_reason(std::string_view reason, FieldErrors& errors) {
    check_text("/reason", reason, kReasonMax, true, errors);
}

void check_slug(std::string_view slug, FieldErrors& errors) {
    if (slug.size() > kSlugMax || !is_slug(slug)) {
        errors.push_back({"/slug", "must have 1 to 40 lower-case letters, digits or '-' between them"});
    }
}

void check_category_name(std::string_view name, FieldErrors& errors) {
    check_text("/name", name, 60, false, errors);
}

void check_description(std::string_view description, FieldErrors& errors) {
    if (code_points(description) > kDescriptionMax || has_control_characters(description, true)) {
        errors.push_back({"/description", "must have at most 500 characters and no control characters"});
    } else if (has_deceptive_characters(description, true)) {
        errors.push_back({"/description", "must not contain characters that hide or turn around text"});
    }
}

}  // namespace forum
