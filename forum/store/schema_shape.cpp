#include "forum/store/schema_shape.h"

namespace forum {

namespace {

// Whether a statement of a release that may still run deletes rows of the table.
bool rows_are_deleted(const std::string& table, const Migration& step, const ReleasedStatements& releases) {
    const std::string deletes = "DELETE FROM " + table + " ";
    for (const auto& [release, statements] : releases) {
        if (release >= step.version || release < step.oldest_program) continue;
        for (const std::string& sql : statements) {
            if ((sql + ' ').starts_with(deletes)) return true;
        }
    }
    return false;
}

}  // namespace

void compare_shapes(const Migration& step, const SchemaShape& before, const SchemaShape& after,
                    const ReleasedStatements& releases, std::vector<LintComplaint>& complaints) {
    const auto complain = [&](const std::string& what) { complaints.push_back({step.name, what}); };
    const bool may_remove = step.phase == Phase::contract;
    for (const std::string& view : after.broken) complain("leaves the view " + view + " without what it shows");
    for (const auto& [table, columns] : before.tables) {
        const auto now_there = after.tables.find(table);
        if (now_there == after.tables.end()) {
            if (!may_remove) complain("removes or renames " + table + "; only a contract step may");
            continue;
        }
        const auto made_before = before.made_at.find(table);
        const auto made_after = after.made_at.find(table);
        const bool was_table = made_before != before.made_at.end();
        const bool is_table = made_after != after.made_at.end();
        if (!may_remove && was_table && (!is_table || made_before->second != made_after->second)) {
            complain("drops " + table + " and makes it anew: what it held is gone or stale; only a contract step may");
        }
        if (was_table && is_table && after.checks.at(table) > before.checks.at(table)) {
            complain("adds a CHECK to " + table + ": writes of older programs could fail");
        }
        for (const auto& [name, column] : columns) {
            const auto still_there = now_there->second.find(name);
            if (still_there == now_there->second.end()) {
                if (!may_remove) complain("removes or renames " + table + "." + name + "; only a contract step may");
            } else if (still_there->second.key_place != column.key_place) {
                complain("changes the primary key of " + table + ": older programs rely on it");
            }
        }
        for (const auto& [name, column] : now_there->second) {
            const auto was_there = columns.find(name);
            if (column.must_be_given && (was_there == columns.end() || !was_there->second.must_be_given)) {
                complain("adds " + table + "." + name + " NOT NULL without a default: older programs do not write it");
            }
        }
    }
    for (const auto& [what, name] : after.unique_indexes) {
        if (before.tables.contains(after.indexed_tables.at(what)) && !before.unique_indexes.contains(what)) {
            complain("adds the unique index " + name + " to " + what + ": writes of older programs could fail");
        }
    }
    for (const auto& [what, name] : before.unique_indexes) {
        if (!may_remove && after.tables.contains(before.indexed_tables.at(what)) &&
            !after.unique_indexes.contains(what)) {
            complain("removes the unique index " + name + " of " + what + ": older programs rely on it");
        }
    }
    for (const auto& [column, table] : after.holding) {
        if (!before.holding.contains(column) && before.tables.contains(table) &&
            rows_are_deleted(table, step, releases)) {
            complain(column + " holds fast rows of " + table + ", which older programs delete; add ON DELETE CASCADE");
        }
    }
    for (const auto& [name, table] : after.triggers) {
        if (before.tables.contains(table) && !before.triggers.contains(name)) {
            complain("adds the trigger " + name + " to " + table + ": writes of older programs could fail");
        }
    }
}

}  // namespace forum
