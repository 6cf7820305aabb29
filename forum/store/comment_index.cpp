#include "forum/store/comment_index.h"

#include <string>

#include "forum/domain/search_terms.h"

namespace forum {

namespace {

// Comments edited since ?1 of which the index holds another version than the one shown. CROSS JOIN: begin with the few
// edits, whatever else the query asks.
#define MISSED_EDITS                                                                                                  \
    "FROM comment_edits e CROSS JOIN comments m ON m.id = e.comment_id LEFT JOIN comment_search s ON s.rowid = m.id " \
    "WHERE e.replaced_at >= ?1 AND s.edit_version IS NOT m.edit_version "

bool is_indexed(Connection& connection, std::int64_t row, std::int64_t edit_version) {
    Query query = connection.query("SELECT edit_version FROM comment_search WHERE rowid = ?"_sql);
    query.with(row);
    return query.step() && query.integer(0) == edit_version;
}

}  // namespace

void index_comment(Connection& connection, std::int64_t row, std::int64_t edit_version, std::string_view body) {
    connection.at_commit([row, edit_version, body = indexed_text(body)](Connection& at_commit) {
        if (is_indexed(at_commit, row, edit_version)) return;
        at_commit.query("INSERT OR REPLACE INTO comment_search (rowid, body, edit_version) VALUES (?, ?, ?)"_sql)
            .with(row, body, edit_version)
            .run();
    });
}

bool index_lags(Connection& reader) {
    return reader.query("SELECT 1 FROM comment_search_progress WHERE filled_to < (SELECT max(id) FROM comments)"_sql)
        .step();
}

void index_next(Connection& connection, int limit) {
    std::int64_t filled_to = 0;
    {
        Query comments = connection.query(
            "SELECT id, edit_version, body FROM comments WHERE id > (SELECT filled_to FROM comment_search_progress) "
            "ORDER BY id LIMIT ?"_sql);
        comments.with(limit);
        while (comments.step()) {
            filled_to = comments.integer(0);
            index_comment(connection, filled_to, comments.integer(1), comments.view(2));
        }
    }
    if (filled_to == 0) return;
    connection.query("UPDATE comment_search_progress SET filled_to = ?"_sql).with(filled_to).run();
    connection.touch_searches();
}

bool index_missed_edits(Connection& reader, Instant since) {
    Query query = reader.query("SELECT 1 " MISSED_EDITS "LIMIT 1"_sql);
    query.with(since);
    return query.step();
}

void index_edits(Connection& connection, Instant since, int limit) {
    Query comments = connection.query("SELECT DISTINCT m.id, m.edit_version, m.body " MISSED_EDITS "LIMIT ?2"_sql);
    comments.with(since, limit);
    while (comments.step()) {
        index_comment(connection, comments.integer(0), comments.integer(1), comments.view(2));
    }
    connection.touch_searches();
}

}  // namespace forum
