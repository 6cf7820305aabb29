#include "forum/store/comments.h"

#include "forum/auth/digest.h"
#include "forum/domain/ascii.h"
#include "forum/domain/comment_path.h"
#include "forum/domain/public_id.h"
#include "forum/store/comment_index.h"

namespace forum {

namespace {

#define COMMENT_COLUMNS                                                                                         \
    "SELECT m.id, m.public_id, m.post_id, p.public_id, ifnull(parent.public_id, ''), m.author_id, u.username, " \
    "m.path, "                                                                                                  \
    "m.body, m.created_at, m.edited_at, m.edit_version, m.score, m.deleted_at, p.deleted_at FROM comments m "   \
    "JOIN posts p ON p.id = m.post_id JOIN users u ON u.id = m.author_id "                                      \
    "LEFT JOIN comments parent ON parent.id = m.parent_id "

Comment comment_from(const Query& query) {
    Comment comment;
    comment.row = query.integer(0);
    comment.public_id = query.text(1);
    comment.post_row = query.integer(2);
    comment.post = query.text(3);
    comment.parent = query.text(4);
    comment.author_row = query.integer(5);
    comment.author = query.text(6);
    comment.path = query.text(7);
    comment.body = query.text(8);
    comment.created_at = query.integer(9);
    comment.edited_at = query.maybe_integer(10);
    comment.edit_version = query.integer(11);
    comment.score = query.integer(12);
    comment.deleted = !query.is_null(13);
    comment.post_deleted = !query.is_null(14);
    return comment;
}

// Recounted, so that a wrong number heals with the next comment.
void recount(Connection& connection, std::int64_t post, std::string_view post_id, Instant at) {
    connection
        .query(
            "UPDATE posts SET comment_count = (SELECT count(*) FROM comments WHERE post_id = ?1 AND deleted_at IS "
            "NULL), "
            "last_activity = CASE WHEN last_activity < ?2 THEN ?2 ELSE last_activity END WHERE id = ?1"_sql)
        .with(post, at)
        .run();
    connection.touch_post(post_id);
    connection.touch_lists();
}

}  // namespace

std::optional<Comment> comment_named(Connection& connection, std::string_view public_id) {
    if (!is_ascii(public_id)) return std::nullopt;  // as no id is
    Query query = connection.query(COMMENT_COLUMNS "WHERE m.public_id = ?"_sql);
    query.with(public_id);
    if (!query.step()) return std::nullopt;
    return comment_from(query);
}

std::vector<Comment> comments_of(Connection& connection, std::int64_t post_row, std::string_view after_path,
                                 int limit) {
    Query query = connection.query(COMMENT_COLUMNS "WHERE m.post_id = ? AND m.path > ? ORDER BY m.path LIMIT ?"_sql);
    query.with(post_row, after_path, limit);
    std::vector<Comment> comments;
    while (query.step()) comments.push_back(comment_from(query));
    return comments;
}

AddedComment add_comment(Connection& connection, const NewComment& comment, Instant at) {
    AddedComment added{0, public_id_from(random_bits())};
    // The path holds the row id, which is known only after the insertion; a path of its own keeps the index unique.
    connection
        .query(
            "INSERT INTO comments (public_id, post_id, parent_id, author_id, path, body, created_at) "
            "VALUES (?1, ?2, ?3, ?4, ?1, ?5, ?6)"_sql)
        .with(added.public_id, comment.post,
              comment.parent == 0 ? std::optional<std::int64_t>() : std::optional<std::int64_t>(comment.parent),
              comment.author, comment.body, at)
        .run();
    added.row = connection.last_row_id();
    connection.query("UPDATE comments SET path = ?2 WHERE id = ?1"_sql)
        .with(added.row, comment_path(comment.parent_path, added.row))
        .run();
    index_comment(connection, added.row, 1, comment.body);
    recount(connection, comment.post, comment.post_id, at);
    return added;
}

void edit_comment(Connection& connection, const Comment& before, std::string_view body, std::int64_t editor,
                  Instant at) {
    connection
        .query(
            "INSERT INTO comment_edits (comment_id, edit_version, body, written_at, replaced_at, replaced_by) "
            "VALUES (?, ?, ?, ?, ?, ?)"_sql)
        .with(before.row, before.edit_version, before.body, before.edited_at.value_or(before.created_at), at, editor)
        .run();
    connection.query("UPDATE comments SET body = ?2, edited_at = ?3, edit_version = edit_version + 1 WHERE id = ?1"_sql)
        .with(before.row, body, at)
        .run();
    index_comment(connection, before.row, before.edit_version + 1, body);
    connection.touch_post(before.post);
    connection.touch_lists();  // search results show it
}

void delete_comment(Connection& connection, const Comment& comment, std::int64_t by, Instant at) {
    connection.query("UPDATE comments SET deleted_at = ?2, deleted_by = ?3 WHERE id = ?1"_sql)
        .with(comment.row, at, by)
        .run();
    recount(connection, comment.post_row, comment.post, 0);
}

void restore_comment(Connection& connection, const Comment& comment) {
    connection.query("UPDATE comments SET deleted_at = NULL, deleted_by = NULL WHERE id = ?"_sql)
        .with(comment.row)
        .run();
    recount(connection, comment.post_row, comment.post, 0);
}

std::vector<CommentEdit> comment_history(Connection& connection, std::int64_t row, std::int64_t before_version,
                                         int limit) {
    Query query = connection.query(
        "SELECT e.edit_version, e.body, e.written_at, e.replaced_at, u.username FROM comment_edits e "
        "JOIN users u ON u.id = e.replaced_by WHERE e.comment_id = ? AND e.edit_version < ? "
        "ORDER BY e.edit_version DESC LIMIT ?"_sql);
    query.with(row, before_version, limit);
    std::vector<CommentEdit> edits;
    while (query.step()) {
        edits.push_back({query.integer(0), query.text(1), query.integer(2), query.integer(3), query.text(4)});
    }
    return edits;
}

void purge_comment_history(Connection& connection, const Comment& comment) {
    // The index finds edits of older programs by what is deleted here.
    if (!comment.deleted) index_comment(connection, comment.row, comment.edit_version, comment.body);
    connection.query("DELETE FROM comment_edits WHERE comment_id = ?"_sql).with(comment.row).run();
}

}  // namespace forum
