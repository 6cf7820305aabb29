#include "forum/store/mariadb_text_index.h"

#include <algorithm>

#include "forum/domain/search_terms.h"

namespace forum {

namespace {

// Worse than nothing is not possible, and one that matches says something.
constexpr double kLeastShare = 1e-6;

std::vector<RankedRow> shares_of(Query query, SearchShare& share) {
    std::vector<RankedRow> rows;
    double best = 0;
    while (query.step()) {
        rows.push_back({query.integer(0), query.real(1)});
        best = std::max(best, query.real(1));
        if (share.is_over()) break;
    }
    for (RankedRow& one : rows) one.rank = -std::max(best > 0 ? one.rank / best : 1.0, kLeastShare);
    return rows;
}

}  // namespace

std::string MariadbTextIndex::text(std::string_view written) const {
    return token_text(written);
}

void MariadbTextIndex::put_post(Connection& connection, std::int64_t row, std::string_view title,
                                std::string_view body) const {
    connection.query("REPLACE INTO post_search (rowid, title, body) VALUES (?, ?, ?)"_mariadb_sql)
        .with(row, title, body)
        .run();
}

void MariadbTextIndex::remove_post(Connection& connection, std::int64_t row) const {
    connection.query("DELETE FROM post_search WHERE rowid = ?"_mariadb_sql).with(row).run();
}

void MariadbTextIndex::put_comment(Connection& connection, std::int64_t row, std::string_view body,
                                   std::int64_t edit_version) const {
    connection.query("REPLACE INTO comment_search (rowid, body, edit_version) VALUES (?, ?, ?)"_mariadb_sql)
        .with(row, body, edit_version)
        .run();
}

// In this order: the few edits first.
Query MariadbTextIndex::missed_edits(Connection& connection, Instant since, int limit) const {
    Query query = connection.query(
        "SELECT DISTINCT STRAIGHT_JOIN m.id, m.edit_version, m.body FROM comment_edits e JOIN comments m ON m.id = "
        "e.comment_id LEFT JOIN comment_search s ON s.rowid = m.id "
        "WHERE e.replaced_at >= ?1 AND NOT s.edit_version <=> m.edit_version LIMIT ?2"_mariadb_sql);
    query.with(since, limit);
    return query;
}

// A hit in the title weighs as much as ten in the body.
std::vector<RankedRow> MariadbTextIndex::posts(Connection& connection, std::string_view typed, int most,
                                               SearchShare& share) const {
    const std::string expression = token_expression(typed);
    Query query = connection.query(
        "SELECT rowid, 10 * MATCH (title) AGAINST (?1 IN BOOLEAN MODE) + MATCH (title, body) AGAINST (?1 IN BOOLEAN "
        "MODE) "
        "FROM post_search WHERE MATCH (title, body) AGAINST (?1 IN BOOLEAN MODE) ORDER BY rowid DESC LIMIT "
        "?2"_mariadb_sql);
    query.with(expression, most);
    return shares_of(std::move(query), share);
}

std::vector<RankedRow> MariadbTextIndex::comments(Connection& connection, std::string_view typed, int most,
                                                  SearchShare& share) const {
    const std::string expression = token_expression(typed);
    Query query = connection.query(
        "SELECT rowid, MATCH (body) AGAINST (?1 IN BOOLEAN MODE) FROM comment_search WHERE MATCH (body) AGAINST (?1 IN "
        "BOOLEAN MODE) ORDER BY rowid DESC LIMIT ?2"_mariadb_sql);
    query.with(expression, most);
    return shares_of(std::move(query), share);
}

}  // namespace forum
