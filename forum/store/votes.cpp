#include "forum/store/votes.h"

#include "forum/domain/ranking.h"

namespace forum {

std::int64_t vote_on_post(Connection& connection, const Post& post, std::int64_t user, int value, Instant at) {
    if (value == 0) {
        connection.query("DELETE FROM post_votes WHERE post_id = ? AND user_id = ?"_sql).with(post.row, user).run();
    } else {
        connection
            .query(
                "INSERT INTO post_votes (post_id, user_id, value, voted_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (post_id, user_id) DO UPDATE SET value = excluded.value, voted_at = excluded.voted_at"_sql)
            .with(post.row, user, value, at)
            .run();
    }
    std::int64_t score = 0;
    {
        Query sum = connection.query("SELECT ifnull(sum(value), 0) FROM post_votes WHERE post_id = ?"_sql);
        sum.with(post.row).step();
        score = sum.integer(0);
    }
    connection.query("UPDATE posts SET score = ?2, hot = ?3 WHERE id = ?1"_sql)
        .with(post.row, score, hot_rank(score, post.created_at))
        .run();
    connection.touch_post(post.public_id);
    connection.touch_lists();
    return score;
}

std::int64_t vote_on_comment(Connection& connection, const Comment& comment, std::int64_t user, int value, Instant at) {
    if (value == 0) {
        connection.query("DELETE FROM comment_votes WHERE comment_id = ? AND user_id = ?"_sql)
            .with(comment.row, user)
            .run();
    } else {
        connection
            .query(
                "INSERT INTO comment_votes (comment_id, user_id, value, voted_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (comment_id, user_id) DO UPDATE SET value = excluded.value, voted_at = excluded.voted_at"_sql)
            .with(comment.row, user, value, at)
            .run();
    }
    connection
        .query(
            "UPDATE comments SET score = (SELECT ifnull(sum(value), 0) FROM comment_votes WHERE comment_id = ?1) "
            "WHERE id = ?1"_sql)
        .with(comment.row)
        .run();
    connection.touch_post(comment.post);
    Query score = connection.query("SELECT score FROM comments WHERE id = ?"_sql);
    score.with(comment.row).step();
    return score.integer(0);
}

}  // namespace forum
