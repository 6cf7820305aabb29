#include "forum/store/sqlite_text_index.h"

#include "forum/domain/search_terms.h"

namespace forum {

namespace {

std::vector<RankedRow> rows_of(Query query, SearchShare& share) {
    std::vector<RankedRow> rows;
    while (query.step()) {
        rows.push_back({query.integer(0), query.real(1)});
        if (share.is_over()) break;
    }
    return rows;
}

}  // namespace

std::string SqliteTextIndex::text(std::string_view written) const {
    return indexed_text(written);
}

void SqliteTextIndex::put_post(Connection& connection, std::int64_t row, std::string_view title,
                               std::string_view body) const {
    connection.query("INSERT INTO post_search (rowid, title, body) VALUES (?, ?, ?)"_sqlite_sql)
        .with(row, title, body)
        .run();
}

void SqliteTextIndex::remove_post(Connection& connection, std::int64_t row) const {
    connection.query("DELETE FROM post_search WHERE rowid = ?"_sqlite_sql).with(row).run();
}

void SqliteTextIndex::put_comment(Connection& connection, std::int64_t row, std::string_view body,
                                  std::int64_t edit_version) const {
    connection.query("INSERT OR REPLACE INTO comment_search (rowid, body, edit_version) VALUES (?, ?, ?)"_sqlite_sql)
        .with(row, body, edit_version)
        .run();
}

// CROSS JOIN: begin with the few edits, whatever else the query asks.
Query SqliteTextIndex::missed_edits(Connection& connection, Instant since, int limit) const {
    Query query = connection.query(
        "SELECT DISTINCT m.id, m.edit_version, m.body FROM comment_edits e CROSS JOIN comments m ON m.id = "
        "e.comment_id "
        "LEFT JOIN comment_search s ON s.rowid = m.id "
        "WHERE e.replaced_at >= ?1 AND s.edit_version IS NOT m.edit_version LIMIT ?2"_sqlite_sql);
    query.with(since, limit);
    return query;
}

// A hit in the title weighs as much as ten in the body.
std::vector<RankedRow> SqliteTextIndex::posts(Connection& connection, std::string_view typed, int most,
                                              SearchShare& share) const {
    Query query = connection.query(
        "SELECT rowid, search_share(post_search, 10.0, 1.0, 'posts', ?1) FROM post_search WHERE post_search MATCH ?1 "
        "ORDER BY rowid DESC LIMIT ?2"_sqlite_sql);
    const std::string expression = match_expression(typed);
    query.with(expression, most);
    return rows_of(std::move(query), share);
}

std::vector<RankedRow> SqliteTextIndex::comments(Connection& connection, std::string_view typed, int most,
                                                 SearchShare& share) const {
    Query query = connection.query(
        "SELECT rowid, search_share(comment_search, 1.0, 1.0, 'comments', ?1) FROM comment_search "
        "WHERE comment_search MATCH ?1 ORDER BY rowid DESC LIMIT ?2"_sqlite_sql);
    const std::string expression = match_expression(typed);
    query.with(expression, most);
    return rows_of(std::move(query), share);
}

}  // namespace forum
