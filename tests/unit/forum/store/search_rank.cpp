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
