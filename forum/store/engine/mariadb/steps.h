// Steps of the schema on MariaDB, which commits at every statement that changes a table: a step is gone through
// statement by statement, and how far it came is written down behind each (schema_progress). A program that dies in
// between, or a statement that fails, leaves a step that goes on where it stopped when it is applied again; so a
// statement must do no harm when it is run twice, which migration_lint sees to.
//
// One program at a time: a named lock of the server, which goes with its connection.
// Threads: the session's. Errors: StoreError naming the step and the statement.
#pragma once

#include "forum/store/engine/database_session.h"

namespace forum {

bool apply_mariadb_step(DatabaseSession& session, const SchemaStep& step);

}  // namespace forum
