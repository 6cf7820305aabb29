#include "forum/store/mariadb_lint.h"

#include <algorithm>
#include <regex>
#include <set>

#include "forum/auth/digest.h"
#include "forum/store/engine/step_text.h"
#include "forum/store/schema_shape.h"
#include "forum/store/statement.h"
#include "forum/store/step_statements.h"

namespace forum {

namespace {

constexpr std::size_t kComplaintsShown = 3;  // one column may stand in dozens of statements

bool says(const std::string& sql, const char* pattern) {
    return std::regex_search(sql, std::regex(pattern, std::regex::icase));
}

// The table that CREATE INDEX … ON, ALTER TABLE or DROP INDEX … ON changes; empty for other statements.
std::string changed_table(const std::string& sql) {
    static const std::regex kOn(R"(^(?:CREATE\s+(?:UNIQUE\s+|FULLTEXT\s+)?INDEX|DROP\s+INDEX)\b.*?\sON\s+"?`?(\w+))",
                                std::regex::icase);
    static const std::regex kAlter(R"(^ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?"?`?(\w+))", std::regex::icase);
    const std::string line = std::regex_replace(sql, std::regex("\\s+"), " ");
    std::smatch found;
    if (std::regex_search(line, found, kOn) || std::regex_search(line, found, kAlter)) return found[1];
    return "";
}

bool may_be_repeated(const std::string& verb, const std::string& sql) {
    if (verb == "CREATE") return says(sql, R"(\bIF\s+NOT\s+EXISTS\b|\bOR\s+REPLACE\b)");
    if (verb == "DROP") return says(sql, R"(\bIF\s+EXISTS\b)");
    if (verb == "INSERT") return says(sql, R"(^\s*INSERT\s+IGNORE\b)");
    if (verb != "ALTER") return verb == "REPLACE" || verb == "UPDATE" || verb == "DELETE";
    const bool adds = says(sql, R"(\bADD\s+(COLUMN|INDEX|KEY|UNIQUE|FULLTEXT|CONSTRAINT)\s+(?!IF\s+NOT\s+EXISTS))");
    const bool drops = says(sql, R"(\bDROP\s+(COLUMN|INDEX|KEY|CONSTRAINT)\s+(?!IF\s+EXISTS))");
    return !adds && !drops && !says(sql, R"(\bRENAME\b)");
}

bool is_online(const std::string& sql) {
    if (says(sql, R"(\bALGORITHM\s*=?\s*INSTANT\b)")) return true;
    return says(sql, R"(\bALGORITHM\s*=?\s*NOCOPY\b)") && says(sql, R"(\bLOCK\s*=?\s*NONE\b)");
}

void judge_statement(const Migration& step, const std::string& sql, const std::vector<std::string>& old_tables,
                     std::vector<LintComplaint>& complaints) {
    const std::vector<StepStatement> read = step_statements(sql);
    if (read.empty()) return;
    const StepStatement& statement = read.front();
    const std::string shown = " (" + sql.substr(0, 80) + ")";
    const auto complain = [&](const std::string& what) { complaints.push_back({step.name, what + shown}); };
    const auto is_old = [&](const std::string& table) {
        return std::ranges::find(old_tables, table) != old_tables.end();
    };
    static const std::set<std::string_view> kAllowed = {"CREATE",  "DROP",   "ALTER",  "INSERT",
                                                        "REPLACE", "UPDATE", "DELETE", "WITH"};
    if (!kAllowed.contains(statement.verb)) {
        complain(statement.verb + " has no place in a step, of which MariaDB commits every statement");
        return;
    }
    if (!may_be_repeated(statement.verb, sql)) {
        complain(statement.verb +
                 " cannot be run twice, as when a program dies in a step: say IF [NOT] EXISTS, or INSERT IGNORE");
    }
    const std::string changed = changed_table(sql);
    if (!changed.empty() && is_old(changed) && !is_online(sql)) {
        complain("changes " + changed +
                 " while readings of it may wait: say ALGORITHM=INSTANT, or ALGORITHM=NOCOPY, LOCK=NONE");
    }
    if (step.phase == Phase::contract) return;
    if (statement.verb == "DROP" && says(sql, R"(^\s*DROP\s+TABLE\b)"))
        complain("drops a table; only a contract step may");
    if (statement.every_row && is_old(statement.table)) {
        complain(statement.verb + " of every row of " + statement.table +
                 ": name the rows with WHERE; only a contract step may mean all");
    }
}

template <class Take>
void each_row(DatabaseSession& session, std::string_view sql, Take&& take) {
    const auto statement = session.prepare(sql);
    while (statement->step()) take(*statement);
}

std::string text(const PreparedStatement& row, int column) {
    return std::string(row.view(column));
}

SchemaShape shape_of(DatabaseSession& session) {
    SchemaShape shape;
    each_row(
        session,
        "SELECT table_name, column_name, is_nullable = 'NO' AND column_default IS NULL AND extra = '' AND column_key "
        "<> 'PRI' FROM information_schema.columns WHERE table_schema = database()",
        [&](const PreparedStatement& row) {
            shape.tables[text(row, 0)][text(row, 1)].must_be_given = row.integer(2) != 0;
            shape.made_at[text(row, 0)] = 0;
            shape.checks[text(row, 0)] += 0;
        });
    each_row(session,
             "SELECT table_name, index_name, group_concat(column_name ORDER BY seq_in_index SEPARATOR ', ') FROM "
             "information_schema.statistics WHERE table_schema = database() AND non_unique = 0 GROUP BY table_name, "
             "index_name",
             [&](const PreparedStatement& row) {
                 const std::string what = text(row, 0) + " (" + text(row, 2) + ')';
                 shape.unique_indexes[what] = text(row, 1);
                 shape.indexed_tables[what] = text(row, 0);
             });
    each_row(
        session,
        "SELECT table_name, column_name, seq_in_index FROM information_schema.statistics WHERE table_schema = "
        "database() AND index_name = 'PRIMARY'",
        [&](const PreparedStatement& row) { shape.tables[text(row, 0)][text(row, 1)].key_place = row.integer(2); });
    each_row(session,
             "SELECT table_name FROM information_schema.check_constraints WHERE constraint_schema = database()",
             [&](const PreparedStatement& row) { ++shape.checks[text(row, 0)]; });
    each_row(
        session,
        "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = database()",
        [&](const PreparedStatement& row) { shape.triggers[text(row, 0)] = text(row, 1); });
    each_row(
        session,
        "SELECT k.table_name, k.column_name, k.referenced_table_name FROM information_schema.key_column_usage k JOIN "
        "information_schema.referential_constraints r ON r.constraint_schema = k.constraint_schema AND "
        "r.constraint_name = k.constraint_name AND r.table_name = k.table_name WHERE k.table_schema = database() AND "
        "r.delete_rule NOT IN ('CASCADE', 'SET NULL')",
        [&](const PreparedStatement& row) { shape.holding[text(row, 0) + '.' + text(row, 1)] = text(row, 2); });
    return shape;
}

void prepare_all(const Migration& step, DatabaseSession& session, const std::string& whose,
                 const std::vector<std::string>& statements, std::vector<LintComplaint>& complaints) {
    std::size_t broken = 0;
    for (const std::string& sql : statements) {
        try {
            (void)session.prepare(sql);
        } catch (const StoreError& e) {
            if (e.failure() == StoreFailure::gone) throw;
            if (++broken <= kComplaintsShown)
                complaints.push_back({step.name, "breaks a statement of " + whose + ": " + e.what()});
        }
    }
    if (broken > kComplaintsShown) {
        complaints.push_back(
            {step.name, "breaks " + std::to_string(broken - kComplaintsShown) + " more statements of " + whose});
    }
}

// A database of the linter's own, which the session is in.
class Scratch {
  public:
    explicit Scratch(DatabaseSession& server)
        : server_(server), name_("forum_check_" + sha256_hex(random_bytes(16)).substr(0, 12)) {
        server_.execute("CREATE DATABASE " + name_ + " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; USE " + name_);
    }
    ~Scratch() {
        try {
            server_.execute("DROP DATABASE " + name_);
        } catch (const StoreError&) {
            // The server is gone; what is left is named after what left it.
        }
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

  private:
    DatabaseSession& server_;
    std::string name_;
};

std::vector<std::string> names_of(const SchemaShape& shape) {
    std::vector<std::string> names;
    for (const auto& [table, columns] : shape.tables) names.push_back(table);
    return names;
}

}  // namespace

std::vector<LintComplaint> judge_mariadb_step(const Migration& step, const std::vector<std::string>& old_tables) {
    std::vector<LintComplaint> complaints;
    for (const std::string& sql : statements_of_step(step.sql)) judge_statement(step, sql, old_tables, complaints);
    return complaints;
}

std::vector<LintComplaint> lint_mariadb_migrations(const std::vector<Migration>& migrations,
                                                   const ReleasedStatements& releases, DatabaseSession& server) {
    std::vector<LintComplaint> complaints;
    const Scratch scratch(server);
    server.execute(
        "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, oldest_program INTEGER NOT "
        "NULL, "
        "applied_at BIGINT NOT NULL)");
    SchemaShape before = shape_of(server);
    for (const Migration& step : migrations) {
        const auto of_text = judge_mariadb_step(step, names_of(before));
        complaints.insert(complaints.end(), of_text.begin(), of_text.end());
        try {
            server.apply_step({step.version, step.name, step.sql, step.oldest_program, 0});
            // As a program does it that comes after one which died: nothing may be in its way.
            server.execute("DELETE FROM schema_migrations WHERE version = " + std::to_string(step.version));
            if (of_text.empty()) server.apply_step({step.version, step.name, step.sql, step.oldest_program, 0});
        } catch (const StoreError& e) {
            if (e.failure() == StoreFailure::gone) throw;
            complaints.push_back({step.name, std::string("cannot be applied, twice if need be: ") + e.what()});
            return complaints;
        }
        SchemaShape after = shape_of(server);
        compare_shapes(step, before, after, releases, complaints);
        for (const auto& [release, statements] : releases) {
            if (release >= step.version || release < step.oldest_program) continue;
            prepare_all(step, server, "the release of schema version " + std::to_string(release), statements,
                        complaints);
        }
        before = std::move(after);
    }
    if (complaints.empty()) {
        prepare_all(migrations.back(), server, "this program", statements_of_program(EngineKind::mariadb), complaints);
    }
    return complaints;
}

}  // namespace forum
