#include "forum/store/engine/sqlite/search_rank.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "forum/domain/utf8.h"
#include "forum/domain/word_characters.h"
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
    // From here on "elm" is rare. A rank that counts sees it; one that remembers it from another index must not.
    const auto before = ranked(remembering, "\"oak\" \"elm\"");
    texts.connection.execute("DELETE FROM texts WHERE rowid % 2 = 0 AND rowid > 10");
    CHECK(ranked("search_share(texts, 1.0, 1.0, 'others', ?1)", "\"oak\" \"elm\"") ==
          ranked(counting, "\"oak\" \"elm\""));
    CHECK(ranked(remembering, "\"oak\" \"elm\"").size() < before.size());
    CHECK(ranked(remembering, "\"oak\" \"elm\"") != ranked(counting, "\"oak\" \"elm\""));
}

TEST_CASE("a phrase without a word in it does not lend its name to the count of another") {
    Texts texts;
    texts.connection.execute("BEGIN");
    for (int i = 0; i < 2'500; ++i) texts.add("", i % 60 == 0 ? "gate zebra elm" : i % 2 == 0 ? "gate elm" : "elm");
    texts.connection.execute("COMMIT");
    const auto ranked = [&](const std::string& words) {
        Query query = texts.connection.query_text(
            "SELECT rowid, search_share(texts, 1.0, 1.0, 'texts', ?1) FROM texts WHERE texts MATCH ?1 ORDER BY 2, 1");
        query.with(words);
        std::vector<std::pair<std::int64_t, double>> all;
        while (query.step()) all.emplace_back(query.integer(0), query.real(1));
        return all;
    };
    const auto before = ranked("\"zebra\" \"gate\"");
    REQUIRE(before.size() > 10);
    (void)ranked("\"€\" \"zebra\" \"gate\"");
    CHECK(ranked("\"zebra\" \"gate\"") == before);
}

TEST_CASE(
    "the index and the query agree on every character: whether it makes a word, and whether it goes on with one") {
    Directory directory;
    Connection connection(directory.file("characters.db"), Connection::Mode::read_write);
    connection.execute(
        "CREATE VIRTUAL TABLE alone USING fts5 (x, content=''); CREATE VIRTUAL TABLE inside USING fts5 (x, content='');"
        "CREATE VIRTUAL TABLE alone_words USING fts5vocab (alone, 'instance');"
        "CREATE VIRTUAL TABLE inside_words USING fts5vocab (inside, 'instance'); BEGIN");
    const auto is_character = [](char32_t c) { return c > 0 && (c < 0xD800 || c >= 0xE000); };
    // Beyond the last plane that has letters nothing is assigned but private ones; a sample of them is enough.
    const auto next = [](char32_t c) { return c + (c < 0x32000 ? 1 : 61); };
    for (char32_t c = 1; c < 0x110000; c = next(c)) {
        if (!is_character(c)) continue;
        std::string text;
        append_code_point(text, c);
        const auto row = static_cast<std::int64_t>(c);
        connection.query_text("INSERT INTO alone (rowid, x) VALUES (?, ?)").with(row, text).run();
        connection.query_text("INSERT INTO inside (rowid, x) VALUES (?, ?)").with(row, "q" + text + "q").run();
    }
    const auto words_of = [&](const std::string& sql) {
        std::vector<int> words(0x110000);
        Query query = connection.query_text(sql);
        while (query.step()) words[static_cast<std::size_t>(query.integer(0))] = static_cast<int>(query.integer(1));
        return words;
    };
    const std::vector<int> alone = words_of("SELECT doc, count(*) FROM alone_words GROUP BY doc");
    const std::vector<int> inside = words_of("SELECT doc, count(*) FROM inside_words GROUP BY doc");
    int wrong = 0;
    for (char32_t c = 1; c < 0x110000; c = next(c)) {
        if (!is_character(c)) continue;
        if (begins_word(c) != (alone[c] == 1) || continues_word(c) != (inside[c] == 1)) ++wrong;
    }
    CHECK(wrong == 0);
}
