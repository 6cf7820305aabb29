#include <doctest/doctest.h>

#include <random>
#include <set>

#include "content_fixture.h"
#include "forum/domain/search_terms.h"
#include "forum/store/accounts.h"
#include "forum/store/categories.h"
#include "forum/store/comments.h"
#include "forum/store/marks.h"
#include "forum/store/notifications.h"
#include "forum/store/post_lists.h"
#include "forum/store/search.h"
#include "forum/store/votes.h"

using namespace forum;

TEST_CASE("names are taken whatever their case") {
    Content content;
    CHECK_THROWS_AS(add_account(content.connection, "ALICE", "x", Role::member, 1), ConstraintError);
    CHECK(account_named(content.connection, "Alice")->row == content.alice.row);
}

TEST_CASE("a user has one vote however often they vote, and the score is the sum of the votes") {
    Content content;
    const Post post = content.post("t", "b", 1'000);
    std::mt19937 random(1);
    int alice = 0;
    int bob = 0;
    for (int i = 0; i < 200; ++i) {
        int& mine = random() % 2 == 0 ? alice : bob;
        mine = static_cast<int>(random() % 3) - 1;
        const std::int64_t voter = &mine == &alice ? content.alice.row : content.bob.row;
        CHECK(vote_on_post(content.connection, post, voter, mine, 2'000 + i) == alice + bob);
    }
    CHECK(post_named(content.connection, post.public_id)->score == alice + bob);
}

TEST_CASE("a score that drifted heals with the next vote") {
    Content content;
    const Post post = content.post("t", "b", 1'000);
    content.connection.execute("UPDATE posts SET score = 999");
    CHECK(vote_on_post(content.connection, post, content.alice.row, 1, 2'000) == 1);
}

TEST_CASE("pages of every order show every post once, in order, also with equal keys") {
    Content content;
    std::mt19937 random(2);
    for (int i = 0; i < 60; ++i) {
        const Post post = content.post("t", "b", 1'000'000 * (random() % 5));
        if (random() % 2 == 0) vote_on_post(content.connection, post, content.alice.row, 1, 1);
    }
    for (const Order order : {Order::hot, Order::newest, Order::top}) {
        CAPTURE(name_of(order));
        std::set<std::string> seen;
        std::optional<Post> before;
        PostListing listing{order, content.general, "", std::nullopt, 7};
        for (;;) {
            const std::vector<Post> page = list_posts(content.connection, listing);
            for (const Post& post : page) {
                CHECK(seen.insert(post.public_id).second);
                if (before && order == Order::hot) CHECK(before->hot >= post.hot);
                if (before && order == Order::top) CHECK(before->score >= post.score);
                if (before && order == Order::newest) CHECK(before->row > post.row);
                before = post;
            }
            if (page.size() < 7) break;
            listing.after = cursor_after(order, page.back());
        }
        CHECK(seen.size() == 60);
    }
}

TEST_CASE("posts are found by tag and not found when deleted") {
    Content content;
    const Post one = content.post("one", "b", 1'000, {"数据库", "sqlite"});
    content.post("two", "b", 2'000, {"sqlite"});
    PostListing listing;
    listing.tag = "数据库";
    CHECK(list_posts(content.connection, listing).size() == 1);
    listing.tag = "sqlite";
    CHECK(list_posts(content.connection, listing).size() == 2);
    delete_post(content.connection, one, content.alice.row, 3'000);
    CHECK(list_posts(content.connection, listing).size() == 1);
}

TEST_CASE("search finds Chinese by pairs and single characters, ranks titles first, forgets what was edited away") {
    Content content;
    content.post("Weather", "新的数据库发布了", 1'000);
    const Post titled = content.post("数据库", "short", 2'000);
    content.post("Kitchen", "Nothing of that", 3'000);
    const auto find = [&](const char* typed) { return search(content.connection, typed, 0, 10); };
    REQUIRE(find("数据库").size() == 2);
    CHECK(find("数据库")[0].post.public_id == titled.public_id);
    CHECK(find("据库").size() == 2);
    CHECK(find("了").size() == 1);
    CHECK(find("发").size() == 1);
    CHECK(find("库数").empty());
    CHECK(find("WEATHER").size() == 1);
    edit_post(content.connection, titled, {content.general, content.alice.row, "Garden", "short", {}},
              content.alice.row, 4'000);
    CHECK(find("数据库").size() == 1);
    CHECK(find("garden").size() == 1);
    delete_post(content.connection, *post_named(content.connection, titled.public_id), content.alice.row, 5'000);
    CHECK(find("garden").empty());
    restore_post(content.connection, *post_named(content.connection, titled.public_id));
    CHECK(find("garden").size() == 1);
}

TEST_CASE("an edit keeps what was there, and the version counts up") {
    Content content;
    const Post post = content.post("first", "body", 1'000, {"a"});
    edit_post(content.connection, post, {content.general, content.alice.row, "second", "body 2", {"b"}},
              content.bob.row, 2'000);
    const Post after = *post_named(content.connection, post.public_id);
    CHECK(after.title == "second");
    CHECK(after.tags == "b");
    CHECK(after.edit_version == 2);
    const auto history = post_history(content.connection, post.row, INT64_MAX, 10);
    REQUIRE(history.size() == 1);
    CHECK(history[0].title == "first");
    CHECK(history[0].replaced_by == "bob");
}

TEST_CASE("a thread reads parents before answers, and a removed comment keeps its place") {
    Content content;
    const Post post = content.post("t", "b", 1'000);
    const Comment first = content.comment(post, "1", 2'000);
    const Comment second = content.comment(post, "2", 3'000);
    const Comment answer = content.comment(post, "1.1", 4'000, &first);
    const Comment deeper = content.comment(post, "1.1.1", 5'000, &answer);
    delete_comment(content.connection, answer, content.bob.row, 6'000);
    std::vector<std::string> order;
    for (const Comment& comment : comments_of(content.connection, post.row, "", 10)) order.push_back(comment.public_id);
    CHECK(order == std::vector<std::string>{first.public_id, answer.public_id, deeper.public_id, second.public_id});
    const Post after = *post_named(content.connection, post.public_id);
    CHECK(after.comment_count == 3);
    CHECK(after.last_activity == 5'000);
}

TEST_CASE("a post is unread until read, and again when somebody else says something") {
    Content content;
    const Post post = content.post("t", "b", 1'000);
    const std::vector<std::string> ids = {post.public_id, "unknown"};
    const auto unread = [&](const Account& reader) {
        const auto marks = marks_for(content.connection, reader.row, ids);
        REQUIRE(marks.size() == 1);
        return marks[0].unread;
    };
    CHECK(unread(content.bob));
    CHECK_FALSE(unread(content.alice));  // who wrote it
    mark_post_read(content.connection, content.bob.row, post.row, 2'000);
    CHECK_FALSE(unread(content.bob));
    content.comment(post, "news", 3'000);
    CHECK(unread(content.alice));
    CHECK_FALSE(unread(content.bob));  // who wrote that
    mark_post_read(content.connection, content.alice.row, post.row, 4'000);
    CHECK_FALSE(unread(content.alice));
    content.comment(post, "more", 5'000);
    CHECK(unread(content.alice));
    delete_comment(content.connection, *comment_named(content.connection, content.comment(post, "x", 5'500).public_id),
                   content.bob.row, 6'000);
    CHECK(unread(content.alice));
    mark_post_read(content.connection, content.alice.row, post.row, 7'000);
    CHECK_FALSE(unread(content.alice));
}

TEST_CASE("mentioned users are told once, nobody is told about themselves") {
    Content content;
    const Post post = content.post("t", "b", 1'000);
    notify_mentioned(content.connection, "@alice @bob @nobody-here", {0, "mention", content.alice.row, post.row, {}}, 0,
                     5);
    CHECK(unread_notifications(content.connection, content.alice.row) == 0);
    CHECK(unread_notifications(content.connection, content.bob.row) == 1);
    mark_notifications_read(content.connection, content.bob.row, 6);
    CHECK(unread_notifications(content.connection, content.bob.row) == 0);
}

TEST_CASE("a set-up token makes one admin, once") {
    Content content;
    add_setup_token(content.connection, "hash", 1);
    CHECK_FALSE(use_setup_token(content.connection, "other"));
    CHECK(use_setup_token(content.connection, "hash"));
    CHECK_FALSE(use_setup_token(content.connection, "hash"));
    add_setup_token(content.connection, "late", 1);
    set_role(content.connection, content.alice.row, Role::admin);
    CHECK_FALSE(use_setup_token(content.connection, "late"));
}
