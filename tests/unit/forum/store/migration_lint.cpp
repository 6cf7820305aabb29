#include "forum/store/migration_lint.h"

#include <doctest/doctest.h>

#include "store_fixture.h"

using namespace forum;

namespace {

const char* const kFirst =
    "-- phase: expand\nCREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, old TEXT);\n"
    "CREATE UNIQUE INDEX one_old ON notes (old);\nCREATE INDEX notes_by_old_title ON notes (length(title), "
    "id);\nCREATE VIEW titles AS SELECT title FROM notes;\n";
const ReleasedStatements kReleases = {
    {1,
     {"SELECT title FROM notes", "SELECT id FROM notes ORDER BY length(title), id LIMIT ?",
      "INSERT INTO notes (title) VALUES (?)", "DELETE FROM notes WHERE id = ?"}}};

std::vector<LintComplaint> complaints_about(const std::string& sql, const ReleasedStatements& releases = kReleases) {
    return lint_migrations({parse_migration("0001_first.sql", kFirst), parse_migration("0002_second.sql", sql)},
                           releases);
}

}  // namespace

TEST_CASE("steps that only add are let through") {
    for (const char* sql :
         {"ALTER TABLE notes ADD COLUMN extra TEXT", "ALTER TABLE notes ADD COLUMN n INTEGER NOT NULL DEFAULT 0",
          "CREATE TABLE more (id INTEGER PRIMARY KEY, x TEXT NOT NULL UNIQUE)",
          "CREATE INDEX notes_by_title ON notes (title)",
          "CREATE TABLE tags (note INTEGER REFERENCES notes (id) ON DELETE CASCADE, tag TEXT CHECK (tag <> ''))",
          "CREATE VIEW upper_titles AS SELECT upper(title) FROM notes",
          "DROP INDEX notes_by_old_title; CREATE INDEX better ON notes (length(title), id, old)",
          "UPDATE notes SET old = ';' WHERE id < 100 -- DELETE FROM notes\n",
          "INSERT INTO notes (title) VALUES ('PRAGMA; COMMIT') ON CONFLICT DO UPDATE SET old = 1",
          "CREATE TABLE more (x); INSERT INTO more VALUES (1); DELETE FROM more",
          "CREATE TABLE seen (x); CREATE TRIGGER watch AFTER INSERT ON seen BEGIN DELETE FROM seen; SELECT CASE WHEN 1 "
          "THEN "
          "2 END; END"}) {
        CAPTURE(sql);
        CHECK(complaints_about(std::string("-- phase: expand\n") + sql).empty());
    }
    CHECK(complaints_about("-- phase: migrate\nUPDATE notes SET old = title WHERE old IS NULL").empty());
}

TEST_CASE("steps that would break the version before are refused, each with its reason") {
    struct Row {
        const char* sql;
        const char* reason;
    };
    const std::vector<Row> rows = {
        {"DROP TABLE notes", "removes or renames notes;"},
        {"ALTER TABLE notes RENAME TO papers", "removes or renames notes;"},
        {"ALTER TABLE notes RENAME COLUMN title TO name", "removes or renames notes.title;"},
        {"DROP INDEX one_old; ALTER TABLE notes DROP COLUMN old", "removes or renames notes.old;"},
        {"DROP VIEW titles", "removes or renames titles;"},
        {"CREATE UNIQUE INDEX one_title ON notes (title)", "adds the unique index one_title"},
        {"CREATE TRIGGER watch BEFORE INSERT ON notes BEGIN SELECT raise(ABORT, 'no'); END", "adds the trigger watch"},
        {"DROP INDEX one_old; ALTER TABLE notes DROP COLUMN old; CREATE TABLE x (y)", "notes.old"},
        {"DROP TABLE notes; CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, old TEXT, must TEXT NOT "
         "NULL)",
         "adds notes.must NOT NULL without a default"},
        {"CREATE TABLE broken (", "cannot be applied"},
        {"ALTER TABLE notes ADD COLUMN n INTEGER CHECK (n IS NOT NULL)", "adds a CHECK to notes"},
        {"DROP TABLE notes; CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, old TEXT)",
         "drops notes and makes it anew"},
        {"DROP VIEW titles; CREATE TABLE other AS SELECT * FROM notes; DROP TABLE notes; ALTER TABLE other RENAME TO "
         "notes",
         "changes the primary key of notes"},
        {"DROP VIEW titles; CREATE TABLE other (id INTEGER PRIMARY KEY, title TEXT NOT NULL, old TEXT NOT NULL); DROP "
         "TABLE notes; ALTER "
         "TABLE other RENAME TO notes",
         "notes.old NOT NULL without a default"},
        {"DROP VIEW titles; ALTER TABLE notes RENAME TO kept; CREATE VIEW notes AS SELECT id, title, old FROM kept",
         "drops notes and makes it anew"},
        {"DROP INDEX one_old", "removes the unique index one_old of notes (old)"},
        {"CREATE TABLE tags (note INTEGER REFERENCES notes (id))", "tags.note holds fast rows of notes"},
        {"BEGIN; CREATE TABLE x (y); COMMIT", "cannot be applied"},
        {"VACUUM", "cannot be applied"},
        {"COMMIT; CREATE TABLE z (a); BEGIN", "COMMIT has no place in a step"},
        {"ATTACH ':memory:' AS other", "ATTACH has no place in a step"},
        {"PRAGMA journal_mode = DELETE", "PRAGMA has no place in a step"},
        {"/* all */ DELETE FROM notes;", "DELETE of every row of notes"},
        {"DELETE FROM \"Notes\" WHERE 1", "DELETE of every row of Notes"},
        {"UPDATE OR IGNORE notes SET old = (SELECT max(id) FROM notes WHERE id > 1)", "UPDATE of every row of notes"},
        {"WITH x AS (SELECT 1 WHERE 1) DELETE FROM notes", "DELETE of every row of notes"},
        {"DROP INDEX notes_by_old_title", "takes notes_by_old_title from a statement"},
        {"DROP INDEX notes_by_old_title; CREATE INDEX other ON notes (title)", "takes notes_by_old_title"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.sql);
        const auto complaints = complaints_about(std::string("-- phase: expand\n") + row.sql);
        bool named = false;
        for (const LintComplaint& complaint : complaints) {
            named =
                named || (complaint.migration == "0002_second" && complaint.what.find(row.reason) != std::string::npos);
        }
        CHECK(named);
    }
}

TEST_CASE("what an earlier step was checked with is checked again with every later one") {
    const auto complaints = lint_migrations(
        {parse_migration("0001_first.sql", kFirst),
         parse_migration("0002_second.sql", "-- phase: expand\nCREATE TABLE more (x)"),
         parse_migration("0003_third.sql",
                         "-- phase: contract\n-- oldest-program: 1\nDROP VIEW titles; DROP TABLE notes")},
        kReleases);
    CHECK(complaints.size() == 4);
}

TEST_CASE("a contract step may remove what the version before no longer asks for, and nothing else") {
    CHECK(
        complaints_about("-- phase: contract\n-- oldest-program: 1\nDROP VIEW titles; DROP INDEX one_old; ALTER TABLE "
                         "notes DROP COLUMN old")
            .empty());
    const auto broken =
        complaints_about("-- phase: contract\n-- oldest-program: 1\nDROP VIEW titles; DROP TABLE notes");
    CHECK(broken.size() == 4);
    // It would shut out the version before it, which is still running while this one starts.
    CHECK_FALSE(complaints_about("-- phase: contract\n-- oldest-program: 2\nDROP VIEW titles").empty());
}

TEST_CASE("a migration without a phase, or with a wrong name, is refused") {
    CHECK_THROWS_AS(parse_migration("0002_x.sql", "CREATE TABLE x (y)"), StoreError);
    CHECK_THROWS_AS(parse_migration("0002_x.sql", "-- phase: destroy\n"), StoreError);
    CHECK_THROWS_AS(parse_migration("0002_x.sql", "-- phase: contract\n"), StoreError);
    CHECK_THROWS_AS(parse_migration("2_x.sql", "-- phase: expand\n"), StoreError);
}

TEST_CASE("the program's own migrations hold with the statements of its releases") {
    for (const LintComplaint& complaint : lint_migrations(embedded_migrations(), embedded_releases())) {
        CAPTURE(complaint.migration);
        FAIL_CHECK(complaint.what);
    }
    // The newest release works on its own schema too.
    Directory directory;
    Connection connection(migrated(directory), Connection::Mode::read_write);
    REQUIRE(embedded_releases().contains(embedded_migrations().back().version));
    const auto& statements = embedded_releases().at(embedded_migrations().back().version);
    CHECK(statements.size() > 60);
    for (const std::string& sql : statements) {
        CAPTURE(sql);
        CHECK_NOTHROW((void)connection.query_text(sql));
    }
}

TEST_CASE("a step that fails is rolled back whole and named") {
    Directory directory;
    Connection connection(directory.file("x.db"), Connection::Mode::read_write);
    auto migrations = std::vector<Migration>{parse_migration("0001_first.sql", kFirst)};
    CHECK(migrate_up(connection, migrations).size() == 1);
    CHECK(migrate_up(connection, migrations).empty());
    migrations.push_back(parse_migration("0002_bad.sql", "-- phase: expand\nCREATE TABLE half (x); SELECT nonsense;"));
    CHECK_THROWS_WITH_AS(migrate_up(connection, migrations), doctest::Contains("0002_bad failed and was rolled back"),
                         StoreError);
    CHECK(schema_status(connection, migrations).applied == 1);
    CHECK_FALSE(connection.query_text("SELECT 1 FROM sqlite_schema WHERE name = 'half'").step());
}

TEST_CASE("a program too old or too new for a database says what to do") {
    CHECK_THROWS_WITH_AS(require_usable_schema({1, 2, 0, {}}), doctest::Contains("forum migrate up"), StoreError);
    CHECK_THROWS_WITH_AS(require_usable_schema({5, 2, 3, {}}), doctest::Contains("newer release"), StoreError);
    CHECK_NOTHROW(require_usable_schema({5, 2, 2, {}}));
}
