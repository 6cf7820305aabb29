#include "forum/api/comments.h"

#include "forum/api/entity_tag.h"
#include "forum/api/item_page.h"
#include "forum/api/json_input.h"
#include "forum/api/moderation.h"
#include "forum/api/post_json.h"
#include "forum/api/posts.h"
#include "forum/domain/access.h"
#include "forum/domain/comment_path.h"
#include "forum/domain/content_rules.h"
#include "forum/store/moderation.h"
#include "forum/store/notifications.h"

namespace forum {

namespace {

Answer comment_answer(int status, const Comment& comment, Format format = {}) {
    JsonText json;
    write_comment(json, comment, format);
    Answer answer = json_answer(status, json.take());
    answer.etag = versioned_tag(comment.edit_version, answer.body);
    answer.location = status == 201 ? "/api/v1/comments/" + comment.public_id : "";
    return answer;
}

void require_editor(const Call& call, const Comment& comment) {
    if (!may_edit(call.caller.role, call.caller.row, comment.author_row)) {
        refuse(403, "forbidden", "only its author and moderators change a comment");
    }
    if (!call.if_match.empty() && !version_matches(call.if_match, comment.edit_version)) {
        refuse(412, "edited-meanwhile", "the comment was edited meanwhile; read it again");
    }
}

// Row and path of the parent, checked to belong to the post and to leave room below. Returns the row of its author.
std::int64_t find_parent(Connection& connection, const std::string& id, NewComment& comment) {
    const auto parent = comment_named(connection, id);
    FieldErrors errors;
    if (!parent || parent->post_row != comment.post) {
        errors.push_back({"/parent", "there is no such comment on this post"});
    } else if (parent->deleted) {
        errors.push_back({"/parent", "is deleted"});
    } else if (depth_of(parent->path) + 1 >= kCommentDepthMax) {
        errors.push_back({"/parent", "is nested as deep as comments go; answer one level above"});
    }
    refuse_if_any(errors);
    comment.parent = parent->row;
    comment.parent_path = parent->path;
    return parent->author_row;
}

}  // namespace

std::string comment_list(const Post& post) {
    return "comments:" + post.public_id;
}

Cursor comment_cursor(const Comment& last) {
    return {last.path, last.row};
}

Comment comment_to_show(Connection& connection, const Call& call) {
    auto comment = comment_named(connection, call.arguments.at(0));
    if (!comment) refuse_not_found("comment");
    if (comment->post_deleted && !reaches(call.caller.role, Role::moderator)) refuse_not_found("comment");
    return *comment;
}

Answer list_comments(Service& service, const Call& call) {
    const int limit = page_limit(call);
    const Format format = format_of(service, call);
    return service.store.readers.with([&](Connection& connection) {
        const Post post = post_to_show(connection, call);
        const auto after = cursor_of(service.cursors, call, comment_list(post));
        std::vector<Comment> comments = comments_of(connection, post.row, after ? after->key : "", limit + 1);
        return items_page(service.cursors, comment_list(post), comments, limit, &comment_cursor,
                          [format](JsonText& json, const Comment& comment) { write_comment(json, comment, format); });
    });
}

Answer show_comment(Service& service, const Call& call) {
    const Format format = format_of(service, call);
    return service.store.readers.with([&](Connection& connection) {
        Answer answer = comment_answer(200, comment_to_show(connection, call), format);
        if (reaches(call.caller.role, Role::moderator)) answer.headers.emplace_back("Cache-Control", "private");
        return answer;
    });
}

Answer create_comment(Service& service, const Call& call) {
    JsonInput input(call);
    NewComment comment;
    comment.body = input.text("body");
    const auto parent = input.maybe_text_or_null("parent");
    if (input.errors().empty()) check_comment_body(comment.body, input.errors());
    input.finish();
    comment.author = call.caller.row;
    return run_change(service, call, [&](Connection& connection) {
        const Post post = post_to_show(connection, call);
        if (!may_answer(call.caller.role, post.locked)) refuse(403, "locked", "this post is locked");
        comment.post = post.row;
        comment.post_id = post.public_id;
        std::int64_t answered = post.author_row;
        if (parent) answered = find_parent(connection, *parent, comment);
        const Instant at = now();
        const AddedComment added = add_comment(connection, comment, at);
        const NewNotification reply{answered, "reply", comment.author, comment.post, added.row};
        notify(connection, reply, at);
        notify_mentioned(connection, comment.body, reply, answered, at);
        return comment_answer(201, comment_named(connection, added.public_id).value());
    });
}

Answer edit_comment(Service& service, const Call& call) {
    JsonInput input(call);
    const std::string body = input.text("body");
    if (input.errors().empty()) check_comment_body(body, input.errors());
    input.finish();
    return run_change(service, call, [&](Connection& connection) {
        const Comment before = comment_to_show(connection, call);
        require_editor(call, before);
        if (before.deleted) refuse(409, "deleted", "this comment is deleted");
        edit_comment(connection, before, body, call.caller.row, now());
        if (before.author_row != call.caller.row) {
            log_deed(connection, call.caller.row, "edit comment", before.public_id, "", now());
        }
        return comment_answer(200, comment_named(connection, before.public_id).value());
    });
}

Answer remove_comment(Service& service, const Call& call) {
    const std::string reason = reason_of(call);
    return run_change(service, call, [&](Connection& connection) {
        const Comment comment = comment_to_show(connection, call);
        require_editor(call, comment);
        if (!comment.deleted) delete_comment(connection, comment, call.caller.row, now());
        if (comment.author_row != call.caller.row) {
            log_deed(connection, call.caller.row, "delete comment", comment.public_id, reason, now());
        }
        return json_answer(204, "");
    });
}

Answer list_comment_history(Service& service, const Call& call) {
    return service.store.readers.with([&](Connection& connection) {
        const Comment comment = comment_to_show(connection, call);
        if (comment.deleted && !reaches(call.caller.role, Role::moderator)) refuse_not_found("comment");
        return edits_page(
            service.cursors, call, "comment-history:" + comment.public_id,
            [&](std::int64_t before, int limit) { return comment_history(connection, comment.row, before, limit); },
            [](JsonText& json, const CommentEdit& edit) { json.member("body", edit.body); });
    });
}

}  // namespace forum
