#include "forum/store/migration_lint.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "forum/store/embedded_mariadb_releases.h"
#include "forum/store/embedded_releases.h"
#include "forum/store/schema_shape.h"
#include "forum/store/step_statements.h"

namespace forum {

namespace {

// Made before a step and dropped after it: whatever the step makes anew comes behind it.
constexpr std::string_view kGuard = "lint_guard";

std::size_t times_in(std::string text, std::string_view word) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    std::size_t times = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++times;
    return times;
}

SchemaShape schema_of(Connection& connection) {
    SchemaShape schema;
    std::vector<std::string> tables;
    {
        Query objects = connection.query(
            "SELECT type, name, tbl_name, rowid, ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"_sqlite_sql);
        while (objects.step()) {
            if (objects.view(1) == kGuard) continue;
            if (objects.view(0) == "table" || objects.view(0) == "view") tables.push_back(objects.text(1));
            if (objects.view(0) == "table") {
                schema.made_at[objects.text(1)] = objects.integer(3);
                schema.checks[objects.text(1)] = times_in(objects.text(4), "CHECK");
            }
            if (objects.view(0) == "trigger") schema.triggers[objects.text(1)] = objects.text(2);
        }
    }
    for (const std::string& table : tables) {
        auto& columns = schema.tables[table];
        try {
            Query rows =
                connection.query("SELECT name, \"notnull\", dflt_value, pk FROM pragma_table_info(?)"_sqlite_sql);
            rows.with(table);
            while (rows.step()) {
                columns[rows.text(0)] = {rows.integer(1) != 0 && rows.is_null(2) && rows.integer(3) == 0,
                                         rows.integer(3)};
            }
            Query indexes = connection.query(
                "SELECT l.name, (SELECT group_concat(ifnull(i.name, '(expression)'), ', ') FROM "
                "pragma_index_info(l.name) i), "
                "l.partial FROM pragma_index_list(?) l WHERE l.\"unique\" = 1"_sqlite_sql);
            indexes.with(table);
            while (indexes.step()) {
                const std::string what = table + " (" + indexes.text(1) + (indexes.integer(2) != 0 ? ") WHERE …" : ")");
                schema.unique_indexes[what] = indexes.text(0);
                schema.indexed_tables[what] = table;
            }
            Query keys = connection.query(
                "SELECT \"from\", \"table\" FROM pragma_foreign_key_list(?) WHERE on_delete NOT IN ('CASCADE', 'SET NULL')"_sqlite_sql);
            keys.with(table);
            while (keys.step()) schema.holding[table + "." + keys.text(0)] = keys.text(1);
        } catch (const StoreError&) {
            // SQLite lets a table go while views still ask for it; they fail only when used.
            schema.broken.insert(table);
        }
    }
    return schema;
}

// What has no place in a step: it is applied in a transaction, with the settings that the program has made.
void judge_statements(const Migration& step, const SchemaShape& before, std::vector<LintComplaint>& complaints) {
    static const std::set<std::string_view> kRefused = {"BEGIN",     "COMMIT",  "END",     "ROLLBACK",
                                                        "SAVEPOINT", "RELEASE", "ATTACH",  "DETACH",
                                                        "PRAGMA",    "VACUUM",  "ANALYZE", "REINDEX"};
    for (const StepStatement& statement : step_statements(step.sql)) {
        if (kRefused.contains(statement.verb)) {
            complaints.push_back({step.name, statement.verb + " has no place in a step, which is one transaction"});
        }
        const bool is_old = std::ranges::any_of(before.tables, [&](const auto& table) {
            return std::ranges::equal(table.first, statement.table, [](unsigned char a, unsigned char b) {
                return std::tolower(a) == std::tolower(b);
            });
        });
        if (statement.every_row && is_old && step.phase != Phase::contract) {
            complaints.push_back({step.name, statement.verb + " of every row of " + statement.table +
                                                 ": name the rows with WHERE; only a contract step may mean all"});
        }
    }
}

// How SQLite would go about a statement: which indexes it uses, and how often it reads or sorts a whole table.
struct Plan {
    std::set<std::string> indexes;
    int whole_tables = 0;
};

std::optional<Plan> plan_of(Connection& connection, const std::string& sql) {
    try {
        Plan plan;
        Query lines = connection.query_text("EXPLAIN QUERY PLAN " + sql);
        while (lines.step()) {
            const std::string line = lines.text(3);
            constexpr std::string_view kIndex = "INDEX ";
            const std::size_t index = line.find(kIndex);
            if (index != std::string::npos) {
                const std::size_t name = index + kIndex.size();
                plan.indexes.insert(line.substr(name, std::min(line.find(' ', name), line.size()) - name));
            } else if (line.starts_with("SCAN ") && line.find("VIRTUAL TABLE") == std::string::npos) {
                ++plan.whole_tables;
            }
            if (line.starts_with("USE TEMP B-TREE")) ++plan.whole_tables;
        }
        return plan;
    } catch (const StoreError&) {
        return std::nullopt;  // cannot be prepared, which is told by others
    }
}

using Plans = std::map<std::string, Plan>;

Plans plans_of(Connection& connection, const std::vector<std::string>& statements) {
    Plans plans;
    for (const std::string& sql : statements) {
        if (auto plan = plan_of(connection, sql)) plans.emplace(sql, std::move(*plan));
    }
    return plans;
}

void compare_plans(const Migration& step, Connection& connection, int release, const Plans& before,
                   std::vector<LintComplaint>& complaints) {
    for (const auto& [sql, plan] : before) {
        const auto after = plan_of(connection, sql);
        if (!after || after->whole_tables <= plan.whole_tables) continue;
        std::string gone;
        for (const std::string& index : plan.indexes) {
            if (!after->indexes.contains(index)) gone += (gone.empty() ? "" : ", ") + index;
        }
        // Without one, something else is read besides, such as a new table that holds fast the rows.
        if (gone.empty()) continue;
        complaints.push_back({step.name, "takes " + gone + " from a statement of the release of schema version " +
                                             std::to_string(release) +
                                             ", which then reads or sorts a whole table: " + sql});
    }
}

void prepare_statements(const Migration& step, Connection& connection, int release,
                        const std::vector<std::string>& statements, std::vector<LintComplaint>& complaints) {
    constexpr std::size_t kShown = 3;  // one column may stand in dozens of statements
    const std::string of_release = " of the release of schema version " + std::to_string(release);
    std::size_t broken = 0;
    for (const std::string& sql : statements) {
        try {
            (void)connection.query_text(sql);
        } catch (const StoreError& e) {
            if (++broken <= kShown)
                complaints.push_back({step.name, "breaks a statement" + of_release + ": " + e.what()});
        }
    }
    if (broken > kShown) {
        complaints.push_back(
            {step.name, "breaks " + std::to_string(broken - kShown) + " more statements" + of_release});
    }
}

}  // namespace

std::vector<std::string> statements_from(std::string_view text) {
    std::vector<std::string> statements;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        if (!line.empty() && !line.starts_with("--")) statements.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return statements;
}

const ReleasedStatements& embedded_releases(EngineKind engine) {
    const auto all_of = [](std::span<const EmbeddedFile> files) {
        ReleasedStatements all;
        for (const EmbeddedFile& file : files) {
            int version = 0;
            std::from_chars(file.name.data(), file.name.data() + 4, version);
            all[version] = statements_from(file.text);
        }
        return all;
    };
    static const ReleasedStatements sqlite = all_of(kEmbeddedReleases);
    static const ReleasedStatements mariadb = all_of(kEmbeddedMariadbReleases);
    return engine == EngineKind::mariadb ? mariadb : sqlite;
}

std::vector<LintComplaint> lint_migrations(const std::vector<Migration>& migrations,
                                           const ReleasedStatements& releases) {
    std::vector<LintComplaint> complaints;
    Connection scratch(":memory:", Connection::Mode::read_write);
    make_version_table(scratch);
    SchemaShape before;
    int version_before = 0;
    for (const Migration& step : migrations) {
        if (step.phase == Phase::contract && (step.oldest_program < 1 || step.oldest_program > version_before)) {
            complaints.push_back({step.name, "oldest-program must let the version before it, " +
                                                 std::to_string(version_before) + ", go on running"});
        }
        std::map<int, Plans> plans;
        for (const auto& [release, statements] : releases) {
            const bool may_run = release < step.version && release >= step.oldest_program;
            if (may_run) plans.emplace(release, plans_of(scratch, statements));
        }
        scratch.forget_prepared();
        judge_statements(step, before, complaints);
        try {
            // In a transaction, as `forum migrate up` does it.
            scratch.execute("CREATE TABLE " + std::string(kGuard) + " (x); BEGIN IMMEDIATE");
            scratch.execute(step.sql);
            scratch.execute("COMMIT");
        } catch (const StoreError& e) {
            complaints.push_back({step.name, std::string("cannot be applied: ") + e.what()});
            return complaints;
        }
        // A statement that was prepared for the step before would be taken for one that still can be.
        scratch.forget_prepared();
        SchemaShape after = schema_of(scratch);
        scratch.execute("DROP TABLE " + std::string(kGuard));
        compare_shapes(step, before, after, releases, complaints);
        for (const auto& [release, statements] : releases) {
            // Which older programs may still run beside this step: all but those a contract step shuts out.
            const bool may_run = release < step.version && release >= step.oldest_program;
            if (!may_run) continue;
            prepare_statements(step, scratch, release, statements, complaints);
            compare_plans(step, scratch, release, plans[release], complaints);
        }
        before = std::move(after);
        version_before = step.version;
    }
    return complaints;
}

}  // namespace forum
