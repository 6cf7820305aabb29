#include "forum/store/seed.h"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "forum/auth/digest.h"
#include "forum/domain/comment_path.h"
#include "forum/domain/content_rules.h"
#include "forum/domain/instant.h"
#include "forum/domain/public_id.h"
#include "forum/domain/ranking.h"
#include "forum/store/accounts.h"
#include "forum/store/categories.h"
#include "forum/store/comment_index.h"
#include "forum/store/posts.h"

namespace forum {

namespace {

// Rows per transaction: large enough that the fsync costs nothing, small enough for a modest WAL.
constexpr int kRowsPerCommit = 5'000;
constexpr Instant kSpacing = 20 * kSecond;
constexpr int kCommentsPerSeededPost = 3;

constexpr std::array<std::string_view, 48> kWords = {
    "proxy",    "release", "blue",   "green",   "switch",  "queue",    "thread",  "socket",   "latency", "cache",
    "database", "index",   "commit", "branch",  "review",  "kernel",   "packet",  "buffer",   "signal",  "timer",
    "garden",   "bicycle", "coffee", "weather", "library", "mountain", "river",   "language", "kitchen", "journey",
    "question", "answer",  "idea",   "mistake", "lesson",  "project",  "weekend", "morning",  "memory",  "story",
    "数据库",   "发布",    "论坛",   "服务器",  "部署",    "缓存",     "测试",    "网络"};

using Random = std::mt19937_64;

std::size_t pick(Random& random, std::size_t below) {
    return static_cast<std::size_t>(random() % below);
}

// Common words come often, rare words (a number behind them) seldom, as in real text.
std::string words(Random& random, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) {
        if (i > 0) out.push_back(' ');
        out += kWords[std::min(pick(random, kWords.size()), pick(random, kWords.size()))];
        if (pick(random, 4) == 0) out += std::to_string(pick(random, 20'000));
    }
    return out;
}

std::vector<std::int64_t> add_users(Connection& connection, int count) {
    std::vector<std::int64_t> rows;
    for (int i = 0; i < count; ++i) {
        const std::string name = "seeded" + std::to_string(i);
        const auto known = account_named(connection, name);
        rows.push_back(known ? known->row : add_account(connection, name, "no password", Role::member, now()).row);
    }
    return rows;
}

struct SeededPost {
    std::int64_t row;
    Instant at;
    std::int64_t comments = 0;
    Instant last_activity = 0;
};

class Batch {
  public:
    explicit Batch(Connection& connection) : connection_(connection) { connection_.session().begin(Purpose::writing); }
    void row_written() {
        if (++rows_ % kRowsPerCommit != 0) return;
        connection_.session().commit();
        connection_.session().begin(Purpose::writing);
    }
    void finish() { connection_.session().commit(); }

  private:
    Connection& connection_;
    int rows_ = 0;
};

SeededPost add_seeded_post(Connection& connection, Random& random, const std::vector<std::int64_t>& users,
                           std::int64_t category, Instant at) {
    NewPost post;
    post.category = category;
    post.author = users[pick(random, users.size())];
    post.title = words(random, 6);
    post.body = words(random, 40) + "\n\n" + words(random, 30);
    post.tags = {std::string(kWords[pick(random, 20)])};
    add_post(connection, post, at);
    return {0, at, 0, at};
}

void add_seeded_comment(Connection& connection, Random& random, const std::vector<std::int64_t>& users,
                        SeededPost& post, std::int64_t& next_row) {
    const std::int64_t row = next_row++;
    post.last_activity += kSecond;
    ++post.comments;
    connection
        .query(
            "INSERT INTO comments (id, public_id, post_id, author_id, path, body, created_at) VALUES (?, ?, ?, ?, ?, "
            "?, ?)"_sql)
        .with(row, public_id_from(random_bits()), post.row, users[pick(random, users.size())], comment_path("", row),
              words(random, 15), post.last_activity)
        .run();
}

std::int64_t largest_id(Connection& connection, Statement statement) {
    Query query = connection.query(statement);
    query.step();
    return query.integer(0);
}

}  // namespace

void seed(Connection& connection, const SeedAmounts& amounts) {
    Random random(20'261'120);
    connection.session().begin(Purpose::writing);
    const std::vector<std::int64_t> users = add_users(connection, std::max(amounts.users, 1));
    const std::int64_t category = categories(connection).at(0).row;
    connection.session().commit();

    std::vector<SeededPost> posts;
    posts.reserve(static_cast<std::size_t>(amounts.posts));
    const Instant first_at = now() - kSpacing * (amounts.posts + 1);
    Batch post_batch(connection);
    for (int i = 0; i < amounts.posts; ++i) {
        posts.push_back(add_seeded_post(connection, random, users, category, first_at + kSpacing * i));
        posts.back().row = largest_id(connection, "SELECT max(id) FROM posts"_sql);
        post_batch.row_written();
    }
    post_batch.finish();

    Batch comment_batch(connection);
    std::int64_t next_row = largest_id(connection, "SELECT ifnull(max(id), 0) + 1 FROM comments"_sql);
    for (int i = 0; i < amounts.comments && !posts.empty(); ++i) {
        add_seeded_comment(connection, random, users, posts[pick(random, posts.size())], next_row);
        comment_batch.row_written();
    }
    for (const SeededPost& post : posts) {
        if (post.comments == 0) continue;
        connection.query("UPDATE posts SET comment_count = ?2, last_activity = ?3 WHERE id = ?1"_sql)
            .with(post.row, post.comments, post.last_activity)
            .run();
        comment_batch.row_written();
    }
    for (; index_lags(connection); comment_batch.row_written()) index_next(connection, 1);
    comment_batch.finish();
    connection.session().analyze();
}

bool seed_if_empty(Connection& connection, int posts) {
    if (largest_id(connection, "SELECT count(*) FROM posts"_sql) > 0) return false;
    seed(connection, {posts, 50, posts * kCommentsPerSeededPost});
    return true;
}

}  // namespace forum
