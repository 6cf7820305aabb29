#include "forum/store/post_lists.h"

#include <array>
#include <charconv>

#include "forum/store/post_row.h"

namespace forum {

namespace {

#define LIST_COLUMNS                                                                                       \
    "SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, " \
    "p.created_at, "                                                                                       \
    "p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot "
// Every post has both, so LEFT loses nothing: it says to begin with the posts, in the order of their index.
#define LIST_JOINS "LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id "

Post post_from(const Query& query) {
    Post post = post_row(query);
    post.hot = query.real(16);
    return post;
}

std::vector<Post> posts_from(Query query) {
    std::vector<Post> posts;
    while (query.step()) posts.push_back(post_from(query));
    return posts;
}

// The few texts that listings can have; statements are cached by their text. Of (hot, id) < (?, ?) only SQLite and
// PostgreSQL make a place in the index; written out like this MariaDB does so too, also among many equal ones.
std::string listing_sql(const PostListing& listing) {
    std::string sql = LIST_COLUMNS;
    sql += listing.tag.empty() ? "FROM posts p " : "FROM post_tags t JOIN posts p ON p.id = t.post_id ";
    sql += LIST_JOINS "WHERE p.deleted_at IS NULL ";
    if (listing.category) sql += "AND p.category_id = ?1 ";
    if (!listing.tag.empty()) sql += "AND t.tag = ?2 ";
    switch (listing.order) {
        case Order::hot:
            if (listing.after) sql += "AND (p.hot < ?3 OR (p.hot = ?3 AND p.id < ?4)) ";
            return sql + "ORDER BY p.hot DESC, p.id DESC LIMIT ?5";
        case Order::top:
            if (listing.after) sql += "AND (p.score < ?3 OR (p.score = ?3 AND p.id < ?4)) ";
            return sql + "ORDER BY p.score DESC, p.id DESC LIMIT ?5";
        case Order::newest:
            break;
    }
    if (listing.after) sql += "AND p.id < ?4 ";
    return sql + "ORDER BY p.id DESC LIMIT ?5";
}

const bool kListingsListed = [] {
    for (const Order order : {Order::hot, Order::newest, Order::top}) {
        for (unsigned with = 0; with < 8; ++with) {
            PostListing listing;
            listing.order = order;
            if ((with & 1U) != 0) listing.category = 1;
            if ((with & 2U) != 0) listing.tag = "tag";
            if ((with & 4U) != 0) listing.after = Cursor{};
            list_statement(listing_sql(listing));
        }
    }
    return true;
}();

std::string exact_text(double value) {
    std::array<char, 32> out{};
    const auto end = std::to_chars(out.data(), out.data() + out.size(), value).ptr;
    return {out.data(), end};
}

double decimal_from(std::string_view text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::vector<Post> list_posts(Connection& connection, const PostListing& listing) {
    Query query = connection.query_text(listing_sql(listing));
    const Cursor after = listing.after.value_or(Cursor{});
    query.with(listing.category.value_or(0), listing.tag, decimal_from(after.key), after.row, listing.limit);
    return posts_from(std::move(query));
}

std::vector<Post> pinned_posts(Connection& connection, std::optional<std::int64_t> category) {
    Query query = connection.query(LIST_COLUMNS "FROM posts p " LIST_JOINS
                                                "WHERE p.pinned = 1 AND p.deleted_at IS NULL "
                                                "AND (?1 = 0 OR p.category_id = ?1) ORDER BY p.id DESC LIMIT 10"_sql);
    query.with(category.value_or(0));
    return posts_from(std::move(query));
}

std::vector<Post> posts_by_author(Connection& connection, std::int64_t author, std::int64_t before_row, int limit) {
    Query query = connection.query(LIST_COLUMNS "FROM posts p " LIST_JOINS
                                                "WHERE p.author_id = ? AND p.id < ? AND p.deleted_at IS NULL "
                                                "ORDER BY p.id DESC LIMIT ?"_sql);
    query.with(author, before_row, limit);
    return posts_from(std::move(query));
}

Cursor cursor_after(Order order, const Post& last) {
    switch (order) {
        case Order::hot:
            return {exact_text(last.hot), last.row};
        case Order::top:
            return {exact_text(static_cast<double>(last.score)), last.row};
        case Order::newest:
            break;
    }
    return {"", last.row};
}

}  // namespace forum
