#include "forum/store/posts.h"

#include <sstream>

#include "forum/auth/digest.h"
#include "forum/domain/ascii.h"
#include "forum/domain/public_id.h"
#include "forum/domain/ranking.h"
#include "forum/store/post_row.h"
#include "forum/store/text_index.h"

namespace forum {

namespace {

void write_tags(Connection& connection, std::int64_t row, const std::vector<std::string>& tags) {
    for (const std::string& tag : tags) {
        connection.query("INSERT INTO post_tags (tag, post_id) VALUES (?, ?)"_sql).with(tag, row).run();
    }
}

void write_search_row(Connection& connection, std::int64_t row, std::string_view title, std::string_view body) {
    const TextIndex& index = text_index(connection);
    connection.at_commit([row, title = index.text(title), body = index.text(body)](Connection& at_commit) {
        text_index(at_commit).put_post(at_commit, row, title, body);
    });
}

void delete_search_row(Connection& connection, std::int64_t row) {
    connection.at_commit([row](Connection& at_commit) { text_index(at_commit).remove_post(at_commit, row); });
}

void touch(Connection& connection, const Post& post) {
    connection.touch_post(post.public_id);
    connection.touch_lists();
}

}  // namespace

std::string join_tags(const std::vector<std::string>& tags) {
    std::string out;
    for (const std::string& tag : tags) {
        if (!out.empty()) out.push_back(' ');
        out += tag;
    }
    return out;
}

std::vector<std::string> split_tags(std::string_view tags) {
    std::vector<std::string> out;
    std::istringstream words{std::string(tags)};
    for (std::string word; words >> word;) out.push_back(word);
    return out;
}

std::optional<Post> post_named(Connection& connection, std::string_view public_id) {
    if (!is_ascii(public_id)) return std::nullopt;  // as no id is
    Query query = connection.query(
        "SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, p.body, p.tags, p.created_at, "
        "p.edited_at, "
        "p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.deleted_at, p.hot "
        "FROM posts p JOIN categories c ON c.id = p.category_id JOIN users u ON u.id = p.author_id "
        "WHERE p.public_id = ?"_sql);
    query.with(public_id);
    if (!query.step()) return std::nullopt;
    Post post = post_row(query);
    post.deleted = !query.is_null(16);
    post.hot = query.real(17);
    return post;
}

std::string add_post(Connection& connection, const NewPost& post, Instant at) {
    std::string public_id = public_id_from(random_bits());
    connection
        .query(
            "INSERT INTO posts (public_id, category_id, author_id, title, body, tags, created_at, hot, last_activity) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7)"_sql)
        .with(public_id, post.category, post.author, post.title, post.body, join_tags(post.tags), at, hot_rank(0, at))
        .run();
    const std::int64_t row = connection.last_row_id();
    write_tags(connection, row, post.tags);
    write_search_row(connection, row, post.title, post.body);
    connection.touch_lists();
    return public_id;
}

void edit_post(Connection& connection, const Post& before, const NewPost& after, std::int64_t editor, Instant at) {
    connection
        .query(
            "INSERT INTO post_edits (post_id, edit_version, title, body, tags, written_at, replaced_at, replaced_by) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"_sql)
        .with(before.row, before.edit_version, before.title, before.body, before.tags,
              before.edited_at.value_or(before.created_at), at, editor)
        .run();
    connection
        .query(
            "UPDATE posts SET title = ?2, body = ?3, tags = ?4, category_id = ?5, edited_at = ?6, "
            "edit_version = edit_version + 1 WHERE id = ?1"_sql)
        .with(before.row, after.title, after.body, join_tags(after.tags), after.category, at)
        .run();
    connection.query("DELETE FROM post_tags WHERE post_id = ?"_sql).with(before.row).run();
    write_tags(connection, before.row, after.tags);
    if (!before.deleted) {
        delete_search_row(connection, before.row);
        write_search_row(connection, before.row, after.title, after.body);
    }
    touch(connection, before);
}

void set_pinned(Connection& connection, const Post& post, bool pinned) {
    connection.query("UPDATE posts SET pinned = ?2 WHERE id = ?1"_sql).with(post.row, pinned).run();
    touch(connection, post);
}

void set_locked(Connection& connection, const Post& post, bool locked) {
    connection.query("UPDATE posts SET locked = ?2 WHERE id = ?1"_sql).with(post.row, locked).run();
    touch(connection, post);
}

void delete_post(Connection& connection, const Post& post, std::int64_t by, Instant at) {
    connection.query("UPDATE posts SET deleted_at = ?2, deleted_by = ?3 WHERE id = ?1"_sql)
        .with(post.row, at, by)
        .run();
    delete_search_row(connection, post.row);
    touch(connection, post);
}

void restore_post(Connection& connection, const Post& post) {
    connection.query("UPDATE posts SET deleted_at = NULL, deleted_by = NULL WHERE id = ?"_sql).with(post.row).run();
    write_search_row(connection, post.row, post.title, post.body);
    touch(connection, post);
}

void purge_post_history(Connection& connection, const Post& post) {
    connection.query("DELETE FROM post_edits WHERE post_id = ?"_sql).with(post.row).run();
}

std::vector<PostEdit> post_history(Connection& connection, std::int64_t row, std::int64_t before_version, int limit) {
    Query query = connection.query(
        "SELECT e.edit_version, e.title, e.body, e.tags, e.written_at, e.replaced_at, u.username FROM post_edits e "
        "JOIN users u ON u.id = e.replaced_by WHERE e.post_id = ? AND e.edit_version < ? "
        "ORDER BY e.edit_version DESC LIMIT ?"_sql);
    query.with(row, before_version, limit);
    std::vector<PostEdit> edits;
    while (query.step()) {
        edits.push_back({query.integer(0), query.text(1), query.text(2), query.text(3), query.integer(4),
                         query.integer(5), query.text(6)});
    }
    return edits;
}

}  // namespace forum
