#include "forum/store/search.h"

#include "forum/store/post_row.h"

namespace forum {

namespace {

// Ranking reads every match. Words that half of all texts contain are ranked among the newest matches of each kind
// only, which keeps the time of a search bounded as the forum grows. Fewer comments: they are short, so several words
// seldom stand in one, and finding the next that has them all takes longer than ranking it.
constexpr int kRankedPosts = 500;
constexpr int kRankedComments = 150;
// A post that answers as well as a comment comes first: it is what others will answer to.
constexpr double kCommentsCount = 0.8;
// Of what a page shows, this much may be deleted before the rest has to be asked for.
constexpr int kSpare = 8;

#define POST_COLUMNS(BODY)                                                                                       \
    "SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, " BODY                                  \
    ", p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, " \
    "p.locked"
#define POST_JOINS "JOIN categories c ON c.id = p.category_id JOIN users u ON u.id = p.author_id "

std::optional<Found> found_post(Connection& connection, std::int64_t row) {
    Query query = connection.query(POST_COLUMNS("p.body") " FROM posts p " POST_JOINS
                                                          "WHERE p.id = ? AND p.deleted_at IS NULL"_sql);
    query.with(row);
    if (!query.step()) return std::nullopt;
    return Found{post_row(query), std::nullopt, 0};
}

std::optional<Found> found_comment(Connection& connection, std::int64_t row) {
    Query query = connection.query(POST_COLUMNS(
        "''") ", m.public_id, a.username, m.body, m.created_at FROM comments m "
              "JOIN posts p ON p.id = m.post_id " POST_JOINS
              "JOIN users a ON a.id = m.author_id "
              "WHERE m.id = ? AND m.deleted_at IS NULL AND p.deleted_at IS NULL"_sql);
    query.with(row);
    if (!query.step()) return std::nullopt;
    return Found{post_row(query), FoundComment{query.text(16), query.text(17), query.text(18), query.integer(19)}, 0};
}

struct Place {
    bool in_comment;
    std::int64_t row;
};

// Places `from` and behind, at most `limit`, whether they may be shown or not. A limit lets SQLite sort as many as it
// needs instead of all that were ranked.
std::vector<Place> ranked_places(Connection& connection, std::string_view match_expression, std::int64_t from,
                                 int limit) {
    // A hit in the title weighs as much as ten in the body.
    Query ranked = connection.query(
        "WITH found_posts AS MATERIALIZED (SELECT rowid AS row, search_share(post_search, 10.0, 1.0, 'posts', ?1) AS "
        "rank "
        "FROM post_search WHERE post_search MATCH ?1 ORDER BY rowid DESC LIMIT ?2), "
        "found_comments AS MATERIALIZED (SELECT rowid AS row, search_share(comment_search, 1.0, 1.0, 'comments', ?1) * "
        "?3 AS rank "
        "FROM comment_search WHERE comment_search MATCH ?1 ORDER BY rowid DESC LIMIT ?5) "
        "SELECT 0 AS in_comment, row, rank FROM found_posts UNION ALL SELECT 1, row, rank FROM found_comments "
        "ORDER BY rank, in_comment, row DESC LIMIT ?6 OFFSET ?4"_sql);
    ranked.with(match_expression, kRankedPosts, kCommentsCount, from, kRankedComments, limit);
    std::vector<Place> places;
    while (ranked.step()) places.push_back({ranked.integer(0) != 0, ranked.integer(1)});
    return places;
}

}  // namespace

std::vector<Found> search(Connection& connection, std::string_view match_expression, std::int64_t from, int limit) {
    const auto wanted = static_cast<std::size_t>(limit);
    std::vector<Found> all;
    // Seldom more than once round: it takes more deleted ones among those of one page than it has spare places.
    for (int taken = limit + kSpare; all.size() < wanted; taken = kRankedPosts + kRankedComments) {
        const std::vector<Place> places = ranked_places(connection, match_expression, from, taken);
        for (const Place& place : places) {
            auto found = place.in_comment ? found_comment(connection, place.row) : found_post(connection, place.row);
            if (found) {
                found->place = from;
                all.push_back(std::move(*found));
            }
            ++from;
            if (all.size() == wanted) break;
        }
        if (places.size() < static_cast<std::size_t>(taken)) break;
    }
    return all;
}

}  // namespace forum
