#include "forum/store/comment_index.h"

#include <string>

#include "forum/store/text_index.h"

namespace forum {

namespace {

bool is_indexed(Connection& connection, std::int64_t row, std::int64_t edit_version) {
    Query query = connection.query("SELECT edit_version FROM comment_search WHERE rowid = ?"_sql);
    query.with(row);
    return query.step() && query.integer(0) == edit_version;
}

}  // namespace

void index_comment(Connection& connection, std::int64_t row, std::int64_t edit_version, std::string_view body) {
    connection.at_commit([row, edit_version, body = text_index(connection).text(body)](Connection& at_commit) {
        if (is_indexed(at_commit, row, edit_version)) return;
        text_index(at_commit).put_comment(at_commit, row, body, edit_version);
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
    return text_index(reader).missed_edits(reader, since, 1).step();
}

void index_edits(Connection& connection, Instant since, int limit) {
    Query comments = text_index(connection).missed_edits(connection, since, limit);
    while (comments.step()) {
        index_comment(connection, comments.integer(0), comments.integer(1), comments.view(2));
    }
    connection.touch_searches();
}

}  // namespace forum
