// migration_lint for MariaDB, which has no transactions around a step: besides what every step must hold, each
// statement must do no harm when it is run twice, and must not keep readings of an old table waiting.
//
//   - CREATE and DROP say IF [NOT] EXISTS, INSERT says IGNORE (or it is REPLACE), in ALTER TABLE ADD and DROP do so too
//   - what changes an old table says ALGORITHM=INSTANT or ALGORITHM=NOCOPY, and LOCK=NONE with the latter
//   - no statement begins or ends a transaction, changes settings or leaves the database
//   - UPDATE and DELETE of every row of an old table, and DROP TABLE, are for contract steps
//   - every step applies to a scratch database, of which the shape is compared (schema_shape.h), and on which every
//     statement of this program and of releases that may still run can be prepared
// Threads: one. Errors: complaints; StoreError when the server fails.
#pragma once

#include <vector>

#include "forum/store/engine/database_session.h"
#include "forum/store/migration_lint.h"

namespace forum {

// What is wrong with the texts alone. `old_tables` are there before the step.
std::vector<LintComplaint> judge_mariadb_step(const Migration& step, const std::vector<std::string>& old_tables);

// On a database of its own that the session makes and drops.
std::vector<LintComplaint> lint_mariadb_migrations(const std::vector<Migration>& migrations,
                                                   const ReleasedStatements& releases, DatabaseSession& server);

}  // namespace forum
