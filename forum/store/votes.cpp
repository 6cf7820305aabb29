#include "forum/store/votes.h"

#include "forum/domain/ranking.h"

namespace forum {

std::int64_t vote_on_post(Connection& connection, std::int64_t post, std::int64_t user, int value, Instant at) {
    if (value == 0) {
        connection.query("DELETE FROM post_votes WHERE post_id = ? AND user_id = ?").with(post, user).run();
    } else {
        connection
            .query(
                "INSERT INTO post_votes (post_id, user_id, value, voted_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (post_id, user_id) DO UPDATE SET value = excluded.value, voted_at = excluded.voted_at")
            .with(post, user, value, at)
            .run();
    }
    std::int64_t score = 0;
    Instant created_at = 0;
    {
        Query sums = connection.query(
            "SELECT (SELECT ifnull(sum(value), 0) FROM post_votes WHERE post_id = ?1), created_at FROM posts WHERE id "
            "= ?1");
        sums.with(post).step();
        score = sums.integer(0);
        created_at = sums.integer(1);
    }
    connection.query("UPDATE posts SET score = ?2, hot = ?3 WHERE id = ?1")
        .with(post, score, hot_rank(score, created_at))
        .run();
    connection.touch_post(post);
    connection.touch_lists();
    return score;
}

std::int64_t vote_on_comment(Connection& connection, std::int64_t comment, std::int64_t post, std::int64_t user,
                             int value, Instant at) {
    if (value == 0) {
        connection.query("DELETE FROM comment_votes WHERE comment_id = ? AND user_id = ?").with(comment, user).run();
    } else {
        connection
            .query(
                "INSERT INTO comment_votes (comment_id, user_id, value, voted_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (comment_id, user_id) DO UPDATE SET value = excluded.value, voted_at = excluded.voted_at")
            .with(comment, user, value, at)
            .run();
    }
    connection
        .query(
            "UPDATE comments SET score = (SELECT ifnull(sum(value), 0) FROM comment_votes WHERE comment_id = ?1) "
            "WHERE id = ?1")
        .with(comment)
        .run();
    Query score = connection.query("SELECT score FROM comments WHERE id = ?");
    score.with(comment).step();
    connection.touch_post(post);
    return score.integer(0);
}

}  // namespace forum
