// What is written for MariaDB, without a server: texts, addresses, steps.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "forum/domain/search_terms.h"
#include "forum/store/engine/step_text.h"
#include "forum/store/engine_at.h"
#include "forum/store/mariadb_lint.h"
#include "forum/store/migrations.h"
#ifdef FORUM_MARIADB
#include "forum/store/engine/mariadb/address.h"
#include "forum/store/engine/mariadb/dialect.h"
#endif

using namespace forum;

TEST_CASE("the steps of all engines have the same numbers, names, phases and bounds") {
    const auto& sqlite = embedded_migrations(EngineKind::sqlite);
    const auto& mariadb = embedded_migrations(EngineKind::mariadb);
    REQUIRE(sqlite.size() == mariadb.size());
    for (std::size_t i = 0; i < sqlite.size(); ++i) {
        CHECK(sqlite[i].version == mariadb[i].version);
        CHECK(sqlite[i].name == mariadb[i].name);
        CHECK(sqlite[i].phase == mariadb[i].phase);
        CHECK(sqlite[i].oldest_program == mariadb[i].oldest_program);
    }
}

TEST_CASE("a step is cut at its semicolons, and neither in quotes nor in comments") {
    const std::vector<std::string> cut = statements_of_step(
        "-- phase: expand; really\nINSERT INTO a VALUES (';', \"x;y\"); -- more; of it\n\n;UPDATE b SET c = 1");
    REQUIRE(cut.size() == 2);
    CHECK(cut[0] == "INSERT INTO a VALUES (';', \"x;y\")");
    CHECK(cut[1] == "UPDATE b SET c = 1");
    CHECK(statements_of_step(" -- nothing\n ").empty());
}

TEST_CASE("words become tokens that an index takes which leaves out short and common ones") {
    CHECK(token_text("The Prôxy, a 数据库!") == "xwthe xwproxy xwa xq6570636e xq636e5e93 xq5e93");
    CHECK(token_expression("the") == "+xwthe");
    CHECK(token_expression("Proxy 数据库") == "+xwproxy +\"xq6570636e xq636e5e93\"");
    CHECK(token_expression("库") == "+xq5e93*");
    CHECK(token_expression("数据") == "+\"xq6570636e\"");
    CHECK(token_text("русский").size() > 10);
    CHECK(token_text(std::string(500, 'x')).size() == 80);
    CHECK(token_expression("--\"+(*").empty());
    CHECK(token_text("русский") == token_text("РУССКИЙ"));
}

TEST_CASE("what a step for MariaDB may not hold is told from its text") {
    struct Row {
        const char* sql;
        const char* reason;
    };
    const std::vector<Row> rows = {
        {"CREATE TABLE x (y INT)", "cannot be run twice"},
        {"CREATE TABLE IF NOT EXISTS x (y INT)", ""},
        {"INSERT INTO notes VALUES (1)", "cannot be run twice"},
        {"INSERT IGNORE INTO notes VALUES (1)", ""},
        {"CREATE INDEX IF NOT EXISTS i ON notes (x)", "while readings of it may wait"},
        {"CREATE INDEX IF NOT EXISTS i ON fresh (x)", ""},
        {"CREATE INDEX IF NOT EXISTS i\n ON notes (x) ALGORITHM=NOCOPY LOCK=NONE", ""},
        {"ALTER TABLE notes ADD COLUMN IF NOT EXISTS x INT, ALGORITHM=NOCOPY", "while readings of it may wait"},
        {"ALTER TABLE notes ADD COLUMN IF NOT EXISTS x INT, ALGORITHM=INSTANT", ""},
        {"ALTER TABLE notes ADD COLUMN x INT, ALGORITHM=INSTANT", "cannot be run twice"},
        {"ALTER TABLE notes DROP COLUMN x, ALGORITHM=INSTANT", "cannot be run twice"},
        {"ALTER TABLE notes RENAME COLUMN x TO y, ALGORITHM=INSTANT", "cannot be run twice"},
        {"DROP TABLE notes", "drops a table"},
        {"DELETE FROM notes", "DELETE of every row of notes"},
        {"UPDATE notes SET x = 1 WHERE x = 2", ""},
        {"BEGIN", "BEGIN has no place"},
        {"SET GLOBAL read_only = 1", "SET has no place"},
        {"LOCK TABLES notes WRITE", "LOCK has no place"},
        {"DO sleep(3)", "DO has no place"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.sql);
        const auto complaints = judge_mariadb_step(
            parse_migration("0002_next.sql", "-- phase: expand\n" + std::string(row.sql) + ";\n"), {"notes"});
        if (*row.reason == '\0') {
            CHECK(complaints.empty());
            continue;
        }
        bool named = false;
        for (const LintComplaint& one : complaints) named = named || one.what.find(row.reason) != std::string::npos;
        CHECK(named);
    }
}

TEST_CASE("an address says its engine, and one without an engine is refused") {
    CHECK(kind_of("forum.db") == EngineKind::sqlite);
    CHECK(file_of("sqlite:/var/forum.db") == "/var/forum.db");
    CHECK(kind_of("mariadb://u@/f?socket=/s") == EngineKind::mariadb);
    CHECK_THROWS_AS(engine_at("mysql://u@h/f"), StoreError);
    CHECK_THROWS_AS(engine_at("postgres://u@h/f"), StoreError);
}

#ifdef FORUM_MARIADB

TEST_CASE("statements are rewritten for MariaDB by rules") {
    struct Row {
        const char* common;
        const char* mariadb;
        std::vector<int> parameters;
    };
    const std::vector<Row> rows = {
        {"SELECT a FROM b WHERE c = ? AND d = ?", "SELECT a FROM b WHERE c = ? AND d = ?", {1, 2}},
        {"UPDATE a SET b = ?2, c = ?12 WHERE d = ?1 OR e = ?2",
         "UPDATE a SET b = ?, c = ? WHERE d = ? OR e = ?",
         {2, 12, 1, 2}},
        {"SELECT '?1', \"excluded.x\", '?'", "SELECT '?1', \"excluded.x\", '?'", {}},
        {"INSERT INTO a (b, c) VALUES (?, ?) ON CONFLICT (b) DO UPDATE SET c = excluded.c + a.c",
         "INSERT INTO a (b, c) VALUES (?, ?) ON DUPLICATE KEY UPDATE c = VALUES(c) + a.c",
         {1, 2}},
        {"INSERT INTO a (b, c) VALUES (?, ?) ON CONFLICT DO NOTHING",
         "INSERT INTO a (b, c) VALUES (?, ?) ON DUPLICATE KEY UPDATE b = b",
         {1, 2}},
        {"INSERT INTO a (b) VALUES (?) ON CONFLICT (b) DO NOTHING",
         "INSERT INTO a (b) VALUES (?) ON DUPLICATE KEY UPDATE b = b",
         {1}},
    };
    for (const Row& row : rows) {
        const MariadbText text = mariadb_text(row.common);
        CHECK(text.sql == row.mariadb);
        CHECK(text.parameters == row.parameters);
    }
}

TEST_CASE("an address for MariaDB is taken apart, and never holds a password") {
    const MariadbAddress far = mariadb_address("mariadb://forum@db.example:3307/talk?tls-ca=/ca.pem&connections=40");
    CHECK(far.user == "forum");
    CHECK(far.host == "db.example");
    CHECK(far.port == 3307);
    CHECK(far.database == "talk");
    CHECK(far.connections == 40);
    CHECK_FALSE(far.is_near());
    const MariadbAddress near =
        mariadb_address("mariadb://forum@/talk?socket=/run/m.sock&signals=file:/run/talk&durability=server");
    CHECK(near.socket == "/run/m.sock");
    CHECK(near.signals_file == "/run/talk");
    CHECK(near.trust_durability);
    CHECK(near.is_near());
    CHECK(mariadb_address("mariadb://u@[::1]:3310/f").port == 3310);
    CHECK(mariadb_address("mariadb://u@[::1]/f").host == "::1");
    try {
        (void)mariadb_address("mariadb://forum:hush@localhost/talk");
        FAIL("taken");
    } catch (const StoreError& e) {
        CHECK(std::string(e.what()).find("hush") == std::string::npos);
        CHECK(std::string(e.what()).find("FORUM_DATABASE_PASSWORD") != std::string::npos);
    }
    for (const char* wrong :
         {"mariadb://@h/f", "mariadb://u@h", "mariadb://u@h/", "mariadb://u@/f", "mariadb://u@h/f",
          "mariadb://u@localhost:x/f", "mariadb://u@localhost/f?connections=11", "mariadb://u@localhost/f?more=1",
          "mariadb://u@localhost/f?socket=/x", "mariadb://u@localhost/f?durability=none",
          "mariadb://u@localhost/f?signals=here", "mariadb://u@localhost/f`x"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(mariadb_address(wrong), StoreError);
    }
}

#endif
