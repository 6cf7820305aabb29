// Refuses a migration that would break the program version before it, which runs on the same database during a release.
//
// Every step is applied to a scratch database and compared with what was there before:
//   - tables, columns and views that were there are still there (expand and migrate; contract may remove them)
//   - no new column of an old table is NOT NULL without a default: the older program's INSERTs do not name it
//   - no new unique index and no new trigger on an old table: the older program's writes could suddenly fail
//   - no statement of a step ends its transaction or leaves the database: BEGIN, COMMIT, ATTACH, PRAGMA, VACUUM, …
//   - expand and migrate change or delete no whole table: that takes the write lock for as long as it
//     lasts, and what is deleted was a user's
//   - no statement of the release before reads or sorts a whole table for which it had an index
//   - every statement of the release before can still be prepared, also after a contract step: it may remove only what
//     that release no longer asks for, and must say with oldest-program which programs it shuts out
// Threads: one. Errors: complaints; StoreError when the scratch database fails.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "forum/store/migrations.h"

namespace forum {

// Schema version -> the statements of the program released with it.
using ReleasedStatements = std::map<int, std::vector<std::string>>;

// What is compiled into this program (store/releases/NNNN_statements.sql: one statement a line; of those for MariaDB,
// which came with schema version 3, store/releases/mariadb/).
const ReleasedStatements& embedded_releases(EngineKind engine = EngineKind::sqlite);
// The statements of one file.
std::vector<std::string> statements_from(std::string_view text);

struct LintComplaint {
    std::string migration;
    std::string what;
};

std::vector<LintComplaint> lint_migrations(const std::vector<Migration>& migrations,
                                           const ReleasedStatements& releases);

}  // namespace forum
