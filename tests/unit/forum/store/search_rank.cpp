#include "forum/store/search_rank.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "store_fixture.h"

using namespace forum;

namespace {

struct Texts {
    Directory directory;
    Connection connection{directory.file("texts.db"), Connection::Mode::read_write};

    Texts() { connection.execute("CREATE VIRTUAL TABLE texts USING fts5 (title, body)"); }
    void add(const std::string& title, const std::string& body) {
        connection.query_text("INSERT INTO texts (title, body) VALUES (?, ?)").with(title, body).run();
    }
};

}  // namespace

TEST_CASE("below the counting limit it is FTS5's own bm25") {
    Texts texts;
    texts.connection.execute("BEGIN");
    for (int i = 0; i < 200; ++i) {
        std::string body;
        for (int word = 0; word < 3 + i % 7; ++word) body += (i + word) % 5 == 0 ? "blue " : "green ";
        texts.add(i % 11 == 0 ? "a blue release" : "something", body);
    }
    texts.connection.execute("COMMIT");
    for (const std::string words : {"blue", "green", "blue green", "\"blue green\" OR release"}) {
        CAPTURE(words);
        Query query = texts.connection.query_text(
            "SELECT bm25(texts, 10.0, 1.0), search_rank(texts, 10.0, 1.0) FROM texts WHERE texts MATCH ?");
        query.with(words);
        int rows = 0;
        while (query.step()) {
            ++rows;
            CHECK(query.real(1) == doctest::Approx(query.real(0)).epsilon(1e-9));
        }
        CHECK(rows > 10);
    }
}

TEST_CASE("a word beyond the counting limit still weighs less than a rare one") {
    Texts texts;
    texts.connection.execute("BEGIN");
    for (int i = 0; i < 5'000; ++i) texts.add("", "common words of the usual length");
    texts.add("", "common common rare");
    texts.add("", "common rare rare");
    texts.connection.execute("COMMIT");
    Query query = texts.connection.query_text(
        "SELECT body FROM texts WHERE texts MATCH 'common rare' ORDER BY search_rank(texts, 1.0, 1.0)");
    REQUIRE(query.step());
    CHECK(query.text(0) == "common rare rare");
}

TEST_CASE("shares order one index as ranks do, and reach from nothing to all in every index") {
    Texts texts;
    texts.connection.execute("BEGIN");
    for (int i = 0; i < 300; ++i) {
        std::string body = i % 3 == 0 ? "walnut " : "";
        for (int word = 0; word < i % 13; ++word) body += word % 4 == 0 ? "oak " : "pine ";
        texts.add(i % 50 == 0 ? "walnut" : "tree", body);
    }
    texts.connection.execute("COMMIT");
    for (const std::string words : {"walnut", "walnut oak", "\"oak pine\" OR walnut"}) {
        CAPTURE(words);
        Query query = texts.connection.query_text(
            "SELECT search_rank(texts, 10.0, 1.0), search_share(texts, 10.0, 1.0) FROM texts WHERE texts MATCH ? "
            "ORDER BY 1");
        query.with(words);
        double before = -1;
        while (query.step()) {
            CHECK(query.real(1) >= before - 1e-12);
            CHECK(query.real(1) < 0);
            before = query.real(1);
        }
        CHECK(before > -1);
    }
}

TEST_CASE("a common word is counted once by a connection, and the order stays the same") {
    Texts texts;
    texts.connection.execute("BEGIN");
    for (int i = 0; i < 3'000; ++i) texts.add("", i % 2 == 0 ? "oak pine pine" : "oak oak pine elm");
    texts.add("", "oak pine walnut");
    texts.connection.execute("COMMIT");
    const auto ranked = [&](const std::string& function, const std::string& words) {
        Query query =
            texts.connection.query_text("SELECT rowid, " + function + " FROM texts WHERE texts MATCH ?1 ORDER BY 2, 1");
        query.with(words);
        std::vector<std::pair<std::int64_t, double>> all;
        while (query.step()) all.emplace_back(query.integer(0), query.real(1));
        return all;
    };
    const std::string counting = "search_share(texts, 1.0, 1.0)";
    const std::string remembering = "search_share(texts, 1.0, 1.0, 'texts', ?1)";
    for (const std::string words :
         {"\"oak\" \"pine\"", "\"oak\" \"walnut\"", "\"elm\"", "\"pi\"* \"oak pine\" \"elm\""}) {
        CAPTURE(words);
        CHECK(ranked(remembering, words) == ranked(counting, words));
        CHECK(ranked(remembering, words) == ranked(counting, words));
    }
    // From here on "elm" is rare. Whoever counts sees it; whoever remembers it from another index must not.
    const auto before = ranked(remembering, "\"oak\" \"elm\"");
    texts.connection.execute("DELETE FROM texts WHERE rowid % 2 = 0 AND rowid > 10");
    CHECK(ranked("search_share(texts, 1.0, 1.0, 'others', ?1)", "\"oak\" \"elm\"") ==
          ranked(counting, "\"oak\" \"elm\""));
    CHECK(ranked(remembering, "\"oak\" \"elm\"").size() < before.size());
    CHECK(ranked(remembering, "\"oak\" \"elm\"") != ranked(counting, "\"oak\" \"elm\""));
}
