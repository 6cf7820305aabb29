#include "forum/store/moderation.h"

#include "forum/auth/digest.h"
#include "forum/domain/ascii.h"
#include "forum/domain/public_id.h"

namespace forum {

namespace {

#define REPORT_COLUMNS                                                                                     \
    "SELECT r.id, r.public_id, p.public_id, ifnull(m.public_id, ''), u.username, r.reason, r.created_at, " \
    "r.resolved_at, "                                                                                      \
    "ifnull(resolver.username, ''), r.resolution FROM reports r JOIN posts p ON p.id = r.post_id "         \
    "JOIN users u ON u.id = r.reporter_id LEFT JOIN comments m ON m.id = r.comment_id "                    \
    "LEFT JOIN users resolver ON resolver.id = r.resolved_by "

Report report_from(const Query& query) {
    Report report;
    report.row = query.integer(0);
    report.public_id = query.text(1);
    report.post = query.text(2);
    report.comment = query.text(3);
    report.reporter = query.text(4);
    report.reason = query.text(5);
    report.created_at = query.integer(6);
    report.resolved_at = query.maybe_integer(7);
    report.resolved_by = query.text(8);
    report.resolution = query.text(9);
    return report;
}

}  // namespace

std::string add_report(Connection& connection, std::int64_t post, std::optional<std::int64_t> comment,
                       std::int64_t reporter, std::string_view reason, Instant at) {
    connection
        .query(
            "INSERT INTO reports (public_id, post_id, comment_id, reporter_id, reason, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"_sql)
        .with(public_id_from(random_bits()), post, comment, reporter, reason, at)
        .run();
    Query query = connection.query(
        "SELECT public_id FROM reports WHERE reporter_id = ? AND post_id = ? AND ifnull(comment_id, 0) = ?"_sql);
    query.with(reporter, post, comment.value_or(0)).step();
    return query.text(0);
}

std::optional<Report> report_named(Connection& connection, std::string_view public_id) {
    if (!is_ascii(public_id)) return std::nullopt;  // as no id is
    Query query = connection.query(REPORT_COLUMNS "WHERE r.public_id = ?"_sql);
    query.with(public_id);
    if (!query.step()) return std::nullopt;
    return report_from(query);
}

std::vector<Report> list_reports(Connection& connection, bool resolved, std::int64_t before_row, int limit) {
    Query query = connection.query(REPORT_COLUMNS
                                   "WHERE (r.resolved_at IS NOT NULL) = ? AND r.id < ? ORDER BY r.id DESC LIMIT ?"_sql);
    query.with(resolved, before_row, limit);
    std::vector<Report> reports;
    while (query.step()) reports.push_back(report_from(query));
    return reports;
}

void resolve_report(Connection& connection, std::int64_t row, std::int64_t by, std::string_view resolution,
                    Instant at) {
    connection.query("UPDATE reports SET resolved_at = ?2, resolved_by = ?3, resolution = ?4 WHERE id = ?1"_sql)
        .with(row, at, by, resolution)
        .run();
}

void log_deed(Connection& connection, std::int64_t actor, std::string_view action, std::string_view subject,
              std::string_view reason, Instant at) {
    connection
        .query("INSERT INTO moderation_log (actor_id, action, subject, reason, created_at) VALUES (?, ?, ?, ?, ?)"_sql)
        .with(actor, action, subject, reason, at)
        .run();
}

std::vector<Deed> list_deeds(Connection& connection, std::int64_t before_row, int limit) {
    Query query = connection.query(
        "SELECT l.id, u.username, l.action, l.subject, l.reason, l.created_at FROM moderation_log l "
        "JOIN users u ON u.id = l.actor_id WHERE l.id < ? ORDER BY l.id DESC LIMIT ?"_sql);
    query.with(before_row, limit);
    std::vector<Deed> deeds;
    while (query.step()) {
        deeds.push_back(
            {query.integer(0), query.text(1), query.text(2), query.text(3), query.text(4), query.integer(5)});
    }
    return deeds;
}

}  // namespace forum
