#include "forum/store/search.h"

#include <doctest/doctest.h>

#include <set>

#include "content_fixture.h"
#include "forum/domain/search_terms.h"

using namespace forum;

namespace {

struct Searched : Content {
    std::vector<Found> find(const std::string& typed, std::int64_t from = 0, int limit = 10) {
        return search(connection, typed, from, limit);
    }
    std::vector<std::string> bodies(const std::string& typed) {
        std::vector<std::string> found;
        for (const Found& one : find(typed)) found.push_back(one.comment ? one.comment->body : one.post.body);
        return found;
    }
};

using Bodies = std::vector<std::string>;

}  // namespace

TEST_CASE("comments are found with the post they belong to, Chinese ones too") {
    Searched searched;
    const Post post = searched.post("About releases", "nothing of interest", 1'000);
    const Comment english = searched.comment(post, "the balcony faces south", 2'000);
    const Comment chinese = searched.comment(post, "我们的数据库很快", 3'000);
    const auto found = searched.find("balcony");
    REQUIRE(found.size() == 1);
    REQUIRE(found[0].comment);
    CHECK(found[0].comment->public_id == english.public_id);
    CHECK(found[0].comment->author == "bob");
    CHECK(found[0].post.public_id == post.public_id);
    CHECK(found[0].post.title == "About releases");
    for (const char* typed : {"数据库", "据库", "库", "数"}) {
        CAPTURE(typed);
        CHECK(searched.bodies(typed) == Bodies{chinese.body});
    }
    CHECK(searched.find("数库").empty());
}

TEST_CASE("posts and comments stand in one order: the title first, then the post, then the comment that says as much") {
    Searched searched;
    const Post other = searched.post("something", "else entirely and long enough", 1'000);
    searched.comment(other, "lighthouse keepers meet here", 5'000);
    searched.comment(other, "a much longer comment in which the lighthouse is one word of very many words that follow",
                     6'000);
    searched.post("something", "lighthouse keepers meet here", 2'000);
    searched.post("The lighthouse", "a text that does not name it", 3'000);
    for (int i = 0; i < 30; ++i) searched.comment(other, "filler without that word", 7'000 + i);
    CHECK(searched.bodies("lighthouse") ==
          Bodies{"a text that does not name it", "lighthouse keepers meet here", "lighthouse keepers meet here",
                 "a much longer comment in which the lighthouse is one word of very many words that follow"});
    CHECK_FALSE(searched.find("lighthouse")[1].comment);
}

TEST_CASE("search follows edits of comments, and hides what is deleted or stands below something deleted") {
    Searched searched;
    const Post post = searched.post("t", "b", 1'000);
    Comment comment = searched.comment(post, "first wording", 2'000);
    edit_comment(searched.connection, comment, "second wording", searched.bob.row, 3'000);
    CHECK(searched.find("first").empty());
    CHECK(searched.bodies("second") == Bodies{"second wording"});
    comment = *comment_named(searched.connection, comment.public_id);
    delete_comment(searched.connection, comment, searched.bob.row, 4'000);
    CHECK(searched.find("wording").empty());
    restore_comment(searched.connection, comment);
    CHECK(searched.find("wording").size() == 1);
    delete_post(searched.connection, post, searched.bob.row, 5'000);
    CHECK(searched.find("wording").empty());
    restore_post(searched.connection, *post_named(searched.connection, post.public_id));
    CHECK(searched.find("wording").size() == 1);
}

TEST_CASE("pages show everything once, also when something between them is hidden") {
    Searched searched;
    const Post post = searched.post("walnut", "b", 1'000);
    std::set<std::string> expected = {""};
    for (int i = 0; i < 40; ++i) {
        const Comment comment = searched.comment(post, "walnut number " + std::to_string(i), 2'000 + i);
        if (i % 3 == 0) {
            delete_comment(searched.connection, comment, searched.bob.row, 9'000);
        } else {
            expected.insert(comment.public_id);
        }
    }
    std::set<std::string> seen;
    std::size_t shown = 0;
    for (std::int64_t from = 0;;) {
        const auto page = searched.find("walnut", from, 7);
        for (const Found& one : page) seen.insert(one.comment ? one.comment->public_id : "");
        shown += page.size();
        if (page.size() < 7) break;
        from = page.back().place + 1;
    }
    CHECK(seen == expected);
    CHECK(shown == expected.size());
}

TEST_CASE("a page is full however many of the best are hidden, and the next one begins behind it") {
    Searched searched;
    constexpr int kHidden = 60;
    searched.connection.execute("BEGIN");
    const Post place = searched.post("elsewhere", "b", 1'000);
    for (int i = 0; i < kHidden; ++i) {
        delete_comment(searched.connection, searched.comment(place, "walnut", 1'000 + i), searched.bob.row, 5'000);
    }
    for (int i = 0; i < 12; ++i) searched.comment(place, "a walnut among words", 2'000 + i);
    searched.connection.execute("COMMIT");
    const auto first = searched.find("walnut");
    REQUIRE(first.size() == 10);
    CHECK(first.back().place == kHidden + 9);
    const auto second = searched.find("walnut", first.back().place + 1);
    REQUIRE(second.size() == 2);
    CHECK(second.front().place == kHidden + 10);
    CHECK(searched.find("walnut", second.back().place + 1).empty());
}

TEST_CASE("a search whose share is over answers with what was ranked, newest texts first") {
    Searched searched;
    for (int i = 0; i < 20; ++i) searched.post("walnut " + std::to_string(i), "b", 1'000 + i);
    const SearchShare nothing(std::chrono::nanoseconds(0), nullptr);
    const auto found = search(searched.connection, "walnut", 0, 10, nothing);
    REQUIRE(found.size() == 1);
    CHECK(found[0].post.title == "walnut 19");
    const SearchShare left(std::chrono::hours(1), [] { return true; });
    CHECK(search(searched.connection, "walnut", 0, 10, left).size() == 1);
    const SearchShare enough(std::chrono::hours(1), [] { return false; });
    CHECK(search(searched.connection, "walnut", 0, 10, enough).size() == 10);
}
