#include "forum/store/comment_index.h"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "content_fixture.h"
#include "forum/domain/comment_path.h"
#include "forum/domain/search_terms.h"
#include "forum/store/index_keeper.h"
#include "forum/store/search.h"

using namespace forum;

namespace {

// What a program of schema version 1 does: it knows nothing of the index.
void old_program_comments(Connection& connection, const Post& post, std::int64_t author, const std::string& body) {
    Query next = connection.query_text("SELECT ifnull(max(id), 0) + 1 FROM comments");
    next.step();
    const std::int64_t row = next.integer(0);
    connection
        .query_text(
            "INSERT INTO comments (id, public_id, post_id, author_id, path, body, created_at) "
            "VALUES (?1, 'c' || ?1, ?2, ?3, ?4, ?5, 1)")
        .with(row, post.row, author, comment_path("", row), body)
        .run();
}

void old_program_edits(Connection& connection, const Comment& comment, const std::string& body, Instant at) {
    connection
        .query_text(
            "INSERT INTO comment_edits (comment_id, edit_version, body, written_at, replaced_at, replaced_by) "
            "VALUES (?, ?, ?, 1, ?, ?)")
        .with(comment.row, comment.edit_version, comment.body, at, comment.author_row)
        .run();
    connection.query_text("UPDATE comments SET body = ?2, edit_version = edit_version + 1 WHERE id = ?1")
        .with(comment.row, body)
        .run();
}

std::size_t found(Connection& connection, const std::string& typed) {
    return search(connection, typed, 0, 1'000).size();
}

template <class Condition>
void until(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("never happened");
        std::this_thread::yield();
    }
}

}  // namespace

TEST_CASE("comments of older programs are brought in by their id, each once, in any number of steps") {
    Content content;
    const Post post = content.post("t", "b", 1'000);
    CHECK_FALSE(index_lags(content.connection));
    for (int i = 0; i < 10; ++i) old_program_comments(content.connection, post, content.bob.row, "walnut");
    content.comment(post, "walnut of this program", 2'000);
    old_program_comments(content.connection, post, content.bob.row, "walnut again");
    CHECK(found(content.connection, "walnut") == 1);
    int steps = 0;
    for (; index_lags(content.connection); ++steps) index_next(content.connection, 5);
    CHECK(steps == 3);
    CHECK(found(content.connection, "walnut") == 12);
    index_next(content.connection, 5);
    CHECK(found(content.connection, "walnut") == 12);
}

TEST_CASE("edits of older programs are brought in by their time") {
    Content content;
    const Post post = content.post("t", "b", 1'000);
    const Comment comment = content.comment(post, "walnut", 2'000);
    edit_comment(content.connection, comment, "chestnut", content.bob.row, 3'000);
    CHECK_FALSE(index_missed_edits(content.connection, 0));
    const Comment edited = *comment_named(content.connection, comment.public_id);
    old_program_edits(content.connection, edited, "hazelnut", 5'000);
    CHECK_FALSE(index_missed_edits(content.connection, 5'001));
    CHECK(index_missed_edits(content.connection, 5'000));
    CHECK(found(content.connection, "hazelnut") == 0);
    index_edits(content.connection, 5'000, 10);
    CHECK_FALSE(index_missed_edits(content.connection, 0));
    CHECK(found(content.connection, "hazelnut") == 1);
    CHECK(found(content.connection, "chestnut") == 0);
}

TEST_CASE("a forum that comes from schema version 1 finds its old comments a moment after the migration") {
    Directory directory;
    const std::string file = directory.file("forum.db");
    constexpr int kOld = 400;
    {
        Connection connection(file, Connection::Mode::read_write);
        migrate_up(connection, {embedded_migrations().at(0)});
        const Account alice = add_account(connection, "alice", "x", Role::member, 1'000);
        const Post post = *post_named(connection, add_post(connection, {1, alice.row, "t", "b", {}}, 1'000));
        connection.execute("BEGIN");
        for (int i = 0; i < kOld; ++i) {
            old_program_comments(connection, post, alice.row, "walnut number " + std::to_string(i));
        }
        connection.execute("COMMIT");
        migrate_up(connection, embedded_migrations());
    }
    Store store(file, kMinute);
    std::string failure;
    const IndexKeeper one(store, [&](const std::string& what) { failure = what; });
    // Others write meanwhile, and another process fills the same index.
    Store other(file, kMinute);
    const IndexKeeper two(other, [](const std::string&) {});
    const auto lags = [&] { return store.readers.with([](Connection& reader) { return index_lags(reader); }); };
    const auto counted = [&](const std::string& typed) {
        return store.readers.with([&](Connection& reader) { return found(reader, typed); });
    };
    int written = 0;
    until([&] {
        store.writer.run([&](Connection& connection) {
            const Post post = *post_named(connection, add_post(connection, {1, 1, "t", "b", {}}, 2'000));
            add_comment(connection, {post.row, post.public_id, 0, "", 1, "almond"}, 2'000 + written);
        });
        ++written;
        return !lags();
    });
    for (const int number : {0, 1, kOld / 2, kOld - 1}) {
        CAPTURE(number);
        CHECK(counted("walnut number " + std::to_string(number)) == 1);
    }
    CHECK(counted("almond") == static_cast<std::size_t>(std::min(written, 150)));
    CHECK(failure.empty());
    const std::int64_t rows = store.readers.with([](Connection& reader) {
        Query count = reader.query_text("SELECT count(*) FROM comment_search");
        count.step();
        return count.integer(0);
    });
    CHECK(rows == kOld + written);
    // An edit by an older program, while this one runs.
    store.writer.run([&](Connection& connection) {
        old_program_edits(connection, *comment_named(connection, "c7"), "pistachio", now());
    });
    until([&] { return counted("pistachio") == 1; });
}
