#include "forum/store/migration_lint.h"

#include <charconv>
#include <map>
#include <set>

#include "forum/store/embedded_releases.h"

namespace forum {

namespace {

struct Column {
    bool must_be_given = false;  ///< NOT NULL without default and no part of the primary key's alias
};

struct Schema {
    std::map<std::string, std::map<std::string, Column>> tables;  ///< views too
    std::map<std::string, std::string> unique_indexes;            ///< name -> table
    std::map<std::string, std::string> triggers;                  ///< name -> table
    std::set<std::string> broken;                                 ///< views on what is no longer there
};

Schema schema_of(Connection& connection) {
    Schema schema;
    std::vector<std::string> tables;
    {
        Query objects =
            connection.query("SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"_sql);
        while (objects.step()) {
            if (objects.view(0) == "table" || objects.view(0) == "view") tables.push_back(objects.text(1));
            if (objects.view(0) == "trigger") schema.triggers[objects.text(1)] = objects.text(2);
        }
    }
    for (const std::string& table : tables) {
        auto& columns = schema.tables[table];
        try {
            Query rows = connection.query("SELECT name, \"notnull\", dflt_value, pk FROM pragma_table_info(?)"_sql);
            rows.with(table);
            while (rows.step()) {
                columns[rows.text(0)] = {rows.integer(1) != 0 && rows.is_null(2) && rows.integer(3) == 0};
            }
            Query indexes = connection.query("SELECT name FROM pragma_index_list(?) WHERE \"unique\" = 1"_sql);
            indexes.with(table);
            while (indexes.step()) schema.unique_indexes[indexes.text(0)] = table;
        } catch (const StoreError&) {
            // SQLite lets a table go while views still ask for it; they fail only when used.
            schema.broken.insert(table);
        }
    }
    return schema;
}

void compare(const Migration& step, const Schema& before, const Schema& after, std::vector<LintComplaint>& complaints) {
    const auto complain = [&](const std::string& what) { complaints.push_back({step.name, what}); };
    const bool may_remove = step.phase == Phase::contract;
    for (const std::string& view : after.broken) complain("leaves the view " + view + " without what it shows");
    for (const auto& [table, columns] : before.tables) {
        const auto now_there = after.tables.find(table);
        if (now_there == after.tables.end()) {
            if (!may_remove) complain("removes or renames " + table + "; only a contract step may");
            continue;
        }
        for (const auto& [name, column] : columns) {
            if (!may_remove && !now_there->second.contains(name)) {
                complain("removes or renames " + table + "." + name + "; only a contract step may");
            }
        }
        for (const auto& [name, column] : now_there->second) {
            if (!columns.contains(name) && column.must_be_given) {
                complain("adds " + table + "." + name + " NOT NULL without a default: older programs do not write it");
            }
        }
    }
    for (const auto& [name, table] : after.unique_indexes) {
        if (before.tables.contains(table) && !before.unique_indexes.contains(name)) {
            complain("adds the unique index " + name + " to " + table + ": writes of older programs could fail");
        }
    }
    for (const auto& [name, table] : after.triggers) {
        if (before.tables.contains(table) && !before.triggers.contains(name)) {
            complain("adds the trigger " + name + " to " + table + ": writes of older programs could fail");
        }
    }
}

void prepare_statements(const Migration& step, Connection& connection, int release,
                        const std::vector<std::string>& statements, std::vector<LintComplaint>& complaints) {
    for (const std::string& sql : statements) {
        try {
            (void)connection.query_text(sql);
        } catch (const StoreError& e) {
            complaints.push_back({step.name, "breaks a statement of the release of schema version " +
                                                 std::to_string(release) + ": " + e.what()});
        }
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

const ReleasedStatements& embedded_releases() {
    static const ReleasedStatements releases = [] {
        ReleasedStatements all;
        for (const EmbeddedFile& file : kEmbeddedReleases) {
            int version = 0;
            std::from_chars(file.name.data(), file.name.data() + 4, version);
            all[version] = statements_from(file.text);
        }
        return all;
    }();
    return releases;
}

std::vector<LintComplaint> lint_migrations(const std::vector<Migration>& migrations,
                                           const ReleasedStatements& releases) {
    std::vector<LintComplaint> complaints;
    Connection scratch(":memory:", Connection::Mode::read_write);
    make_version_table(scratch);
    Schema before;
    int version_before = 0;
    for (const Migration& step : migrations) {
        if (step.phase == Phase::contract && (step.oldest_program < 1 || step.oldest_program > version_before)) {
            complaints.push_back({step.name, "oldest-program must let the version before it, " +
                                                 std::to_string(version_before) + ", go on running"});
        }
        try {
            scratch.execute(step.sql);
        } catch (const StoreError& e) {
            complaints.push_back({step.name, std::string("cannot be applied: ") + e.what()});
            return complaints;
        }
        Schema after = schema_of(scratch);
        compare(step, before, after, complaints);
        for (const auto& [release, statements] : releases) {
            // Which older programs may still run beside this step: all but those a contract step shuts out.
            const bool may_run = release < step.version && release >= step.oldest_program;
            if (may_run) prepare_statements(step, scratch, release, statements, complaints);
        }
        before = std::move(after);
        version_before = step.version;
    }
    return complaints;
}

}  // namespace forum
