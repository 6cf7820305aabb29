#include "forum/store/marks.h"

namespace forum {

void mark_post_read(Connection& connection, std::int64_t user, std::int64_t post, Instant at) {
    connection
        .query(
            "INSERT INTO post_reads (user_id, post_id, read_at) VALUES (?, ?, ?) "
            "ON CONFLICT (user_id, post_id) DO UPDATE SET read_at = CASE WHEN post_reads.read_at < excluded.read_at "
            "THEN "
            "excluded.read_at ELSE post_reads.read_at END"_sql)
        .with(user, post, at)
        .run();
}

std::vector<Mark> marks_for(Connection& connection, std::int64_t user, const std::vector<std::string>& posts) {
    std::vector<Mark> marks;
    for (const std::string& post : posts) {
        Query query = connection.query(
            "SELECT ifnull(v.value, 0), (r.read_at IS NULL AND p.author_id <> ?1) OR (p.last_activity > "
            "ifnull(r.read_at, 0) AND EXISTS (SELECT 1 FROM comments m WHERE m.post_id = p.id AND m.deleted_at IS NULL "
            "AND m.author_id <> ?1 AND m.created_at > ifnull(r.read_at, 0))) FROM posts p "
            "LEFT JOIN post_votes v ON v.post_id = p.id AND v.user_id = ?1 "
            "LEFT JOIN post_reads r ON r.post_id = p.id AND r.user_id = ?1 "
            "WHERE p.public_id = ?2 AND p.deleted_at IS NULL"_sql);
        query.with(user, post);
        if (query.step()) marks.push_back({post, static_cast<int>(query.integer(0)), query.integer(1) != 0});
    }
    return marks;
}

}  // namespace forum
