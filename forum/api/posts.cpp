#include "forum/api/posts.h"

#include "forum/api/comments.h"
#include "forum/api/entity_tag.h"
#include "forum/api/item_page.h"
#include "forum/api/json_input.h"
#include "forum/api/moderation.h"
#include "forum/api/post_json.h"
#include "forum/domain/access.h"
#include "forum/domain/content_rules.h"
#include "forum/domain/public_id.h"
#include "forum/domain/utf8.h"
#include "forum/store/categories.h"
#include "forum/store/comments.h"
#include "forum/store/moderation.h"
#include "forum/store/notifications.h"

namespace forum {

namespace {

// Comments that come along with a post; the rest is in its list of comments.
constexpr int kFirstComments = 50;

Answer post_answer(int status, const Post& post) {
    JsonText json;
    json.begin_object();
    write_post_members(json, post, true);
    json.end_object();
    Answer answer = json_answer(status, json.take());
    answer.etag = versioned_tag(post.edit_version, answer.body);
    answer.location = status == 201 ? "/api/v1/posts/" + post.public_id : "";
    return answer;
}

Answer post_with_comments(Service& service, const Post& post, Connection& connection, Format format) {
    std::vector<Comment> comments = comments_of(connection, post.row, "", kFirstComments + 1);
    JsonText json;
    json.begin_object();
    write_post_members(json, post, true, format);
    json.key("comments").begin_object();
    write_items(json, service.cursors, comment_list(post), comments, kFirstComments, &comment_cursor,
                [format](JsonText& to, const Comment& comment) { write_comment(to, comment, format); });
    json.end_object().end_object();
    Answer answer = json_answer(200, json.take());
    answer.etag = versioned_tag(post.edit_version, answer.body);
    return answer;
}

Category category_to_post_in(Connection& connection, const std::string& slug, const Caller& caller) {
    auto category = category_named(connection, slug);
    if (!category) {
        refuse(422, "invalid-fields", "some fields are not as they should be; see errors",
               {{"/category", "there is no such category"}});
    }
    if (!reaches(caller.role, category->posting_role)) {
        refuse(403, "forbidden", "this category takes posts of role " + std::string(name_of(category->posting_role)));
    }
    return *category;
}

PostListing listing_from(const Call& call) {
    PostListing listing;
    const auto sort = call.parameter("sort");
    const auto order = order_named(sort.value_or("hot"));
    if (!order) refuse(400, "bad-parameter", "sort must be hot, new or top");
    listing.order = *order;
    listing.tag = call.parameter("tag").value_or("");
    // No post has such a tag; and what names a list is kept in memory.
    if (code_points(listing.tag) > kTagMax) {
        refuse(400, "bad-parameter", "tag must have at most " + std::to_string(kTagMax) + " characters");
    }
    listing.limit = page_limit(call);
    return listing;
}

Page build_list(Service& service, PostListing listing, const std::string& slug, const std::string& list) {
    return service.store.readers.with([&](Connection& connection) {
        if (!slug.empty()) {
            const auto category = category_named(connection, slug);
            if (!category) refuse_not_found("category");
            listing.category = category->row;
        }
        PostListing one_more = listing;
        ++one_more.limit;
        std::vector<Post> posts = list_posts(connection, one_more);
        // Pinned posts stand above the first page of a list, and in their own place as well.
        const bool first_page = !listing.after && listing.tag.empty();
        const std::vector<Post> pinned = first_page ? pinned_posts(connection, listing.category) : std::vector<Post>();
        const bool worth_keeping = !posts.empty() || !pinned.empty();
        JsonText json;
        json.begin_object();
        write_posts(json, "pinned", pinned);
        write_items(
            json, service.cursors, list, posts, listing.limit,
            [&](const Post& last) { return cursor_after(listing.order, last); }, &write_listed_post);
        json.end_object();
        std::string body = json.take();
        std::string etag = entity_tag(body);
        return Page{std::move(body), std::move(etag), worth_keeping};
    });
}

// The version is read before the post is: a change in between makes the page newer than its version, never older.
Page build_post(Service& service, const Call& call, Format format) {
    return service.store.readers.with([&](Connection& connection) {
        Answer answer = post_with_comments(service, post_to_show(connection, call), connection, format);
        return Page{std::move(answer.body), std::move(answer.etag), true};
    });
}

}  // namespace

Post post_to_show(Connection& connection, const Call& call) {
    const std::string& id = call.arguments.at(0);
    auto post = is_public_id(id) ? post_named(connection, id) : std::nullopt;
    if (!post) refuse_not_found("post");
    if (post->deleted && !reaches(call.caller.role, Role::moderator)) refuse_not_found("post");
    return *post;
}

Answer list_posts(Service& service, const Call& call) {
    PostListing listing = listing_from(call);
    const std::string slug = call.parameter("category").value_or("");
    if (slug.size() > kSlugMax) refuse_not_found("category");
    const std::string list = std::string(name_of(listing.order)) + ':' + slug + ':' + listing.tag;
    listing.after = cursor_of(service.cursors, call, list);
    // The place is written anew: one place has one name here, however its cursor was spelled.
    const std::string place = listing.after ? std::to_string(listing.after->row) + ':' + listing.after->key : "";
    const std::string key = "list:" + list + ':' + std::to_string(listing.limit) + ':' + place;
    const SharedPage page =
        service.pages.get(key, service.store.signals.lists(), [&] { return build_list(service, listing, slug, list); });
    return page_answer(*page);
}

Answer show_post(Service& service, const Call& call) {
    const Format format = format_of(service, call);
    // Moderators see deleted posts, all others see the same.
    if (reaches(call.caller.role, Role::moderator)) {
        Answer answer = service.store.readers.with([&](Connection& connection) {
            return post_with_comments(service, post_to_show(connection, call), connection, format);
        });
        answer.headers.emplace_back("Cache-Control", "private");
        return answer;
    }
    const std::string& id = call.arguments.at(0);
    const std::string key = (format.html != nullptr ? "html:" : "post:") + id;
    const SharedPage page =
        service.pages.get(key, service.store.signals.post(id), [&] { return build_post(service, call, format); });
    return page_answer(*page);
}

Answer create_post(Service& service, const Call& call) {
    JsonInput input(call);
    NewPost post;
    const std::string slug = input.text("category");
    post.title = input.text("title");
    post.body = input.text("body");
    post.tags = input.maybe_texts("tags").value_or(std::vector<std::string>());
    if (input.errors().empty()) {
        check_title(post.title, input.errors());
        check_post_body(post.body, input.errors());
        check_tags(post.tags, input.errors());
    }
    input.finish();
    post.author = call.caller.row;
    return run_change(service, call, [&](Connection& connection) {
        post.category = category_to_post_in(connection, slug, call.caller).row;
        const std::string id = add_post(connection, post, now());
        const Post added = post_named(connection, id).value();
        notify_mentioned(connection, post.body, {0, "mention", post.author, added.row, std::nullopt}, 0, now());
        return post_answer(201, added);
    });
}

Answer edit_post(Service& service, const Call& call) {
    JsonInput input(call);
    const auto slug = input.maybe_text("category");
    const auto title = input.maybe_text("title");
    const auto body = input.maybe_text("body");
    const auto tags = input.maybe_texts("tags");
    if (title) check_title(*title, input.errors());
    if (body) check_post_body(*body, input.errors());
    if (tags) check_tags(*tags, input.errors());
    input.finish();
    return run_change(service, call, [&](Connection& connection) {
        const Post before = post_to_show(connection, call);
        if (!may_edit(call.caller.role, call.caller.row, before.author_row)) {
            refuse(403, "forbidden", "only its author and moderators edit a post");
        }
        if (!call.if_match.empty() && !version_matches(call.if_match, before.edit_version)) {
            refuse(412, "edited-meanwhile", "the post was edited meanwhile; read it again");
        }
        NewPost after;
        after.category = category_to_post_in(connection, slug.value_or(before.category), call.caller).row;
        after.title = title.value_or(before.title);
        after.body = body.value_or(before.body);
        after.tags = tags.value_or(split_tags(before.tags));
        edit_post(connection, before, after, call.caller.row, now());
        if (before.author_row != call.caller.row) {
            log_deed(connection, call.caller.row, "edit post", before.public_id, "", now());
        }
        return post_answer(200, post_named(connection, before.public_id).value());
    });
}

Answer remove_post(Service& service, const Call& call) {
    const std::string reason = reason_of(call);
    return run_change(service, call, [&](Connection& connection) {
        const Post post = post_to_show(connection, call);
        if (!may_edit(call.caller.role, call.caller.row, post.author_row)) {
            refuse(403, "forbidden", "only its author and moderators delete a post");
        }
        if (!call.if_match.empty() && !version_matches(call.if_match, post.edit_version)) {
            refuse(412, "edited-meanwhile", "the post was edited meanwhile; read it again");
        }
        if (!post.deleted) delete_post(connection, post, call.caller.row, now());
        if (post.author_row != call.caller.row) {
            log_deed(connection, call.caller.row, "delete post", post.public_id, reason, now());
        }
        return json_answer(204, "");
    });
}

Answer list_post_history(Service& service, const Call& call) {
    return service.store.readers.with([&](Connection& connection) {
        const Post post = post_to_show(connection, call);
        return edits_page(
            service.cursors, call, "history:" + post.public_id,
            [&](std::int64_t before, int limit) { return post_history(connection, post.row, before, limit); },
            [](JsonText& json, const PostEdit& edit) {
                json.member("title", edit.title).member("body", edit.body).key("tags").begin_array();
                for (const std::string& tag : split_tags(edit.tags)) json.value(tag);
                json.end_array();
            });
    });
}

}  // namespace forum
