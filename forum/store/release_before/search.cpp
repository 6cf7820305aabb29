// Search as the release with schema version 1 asks for it: posts only.
#include "forum/store/search.h"

#include "forum/store/post_row.h"

namespace forum {

namespace {

constexpr int kRankedMatches = 1'000;

}  // namespace

std::vector<Found> search(Connection& connection, std::string_view match_expression, std::int64_t from, int limit,
                          SearchShare) {
    Query query = connection.query(
        "WITH newest AS MATERIALIZED (SELECT rowid AS row, search_rank(post_search, 10.0, 1.0) AS rank FROM "
        "post_search WHERE post_search MATCH ?1 ORDER BY rowid DESC LIMIT ?2) "
        "SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, p.body, p.tags, p.created_at, "
        "p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot, n.rank "
        "FROM (SELECT row, rank FROM newest ORDER BY rank, row DESC LIMIT ?3 OFFSET ?4) n "
        "JOIN posts p ON p.id = n.row JOIN categories c ON c.id = p.category_id JOIN users u ON u.id = p.author_id "
        "WHERE p.deleted_at IS NULL ORDER BY n.rank, p.id DESC"_sql);
    query.with(match_expression, kRankedMatches, limit, from);
    std::vector<Found> all;
    for (std::int64_t place = from; query.step(); ++place) all.push_back({post_row(query), std::nullopt, place});
    return all;
}

}  // namespace forum
