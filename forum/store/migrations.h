// The steps by which the schema grows, in the order in which they were released.
//
// A step is forum/store/migrations/NNNN_name.sql, and for MariaDB the file of the same name in migrations/mariadb/. Its
// first line says its phase:
//   expand    adds what the next release needs; the release before goes on working beside it
//   migrate   fills what was added; likewise
//   contract  removes what no running release uses any more; line two names the oldest schema version
//             whose programs may still run: "-- oldest-program: 3"
// So blue at version N and green at N+1 run on one database at the same time. lint_migration refuses a step that would
// break the version before it.
// Threads: one per database. Errors: StoreError that names the migration; a step that fails is rolled back, or goes on
// where it stopped on an engine that cannot (engine/mariadb/steps.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forum/store/connection.h"

namespace forum {

enum class Phase { expand, migrate, contract };

struct Migration {
    int version = 0;
    std::string name;  // "0001_initial"
    std::string sql;
    Phase phase = Phase::expand;
    int oldest_program = 0;  // programs that know a schema below this one no longer work; 0: no such limit
};

// What is compiled into this program for an engine, in order: numbers, names and phases are the same for all engines.
const std::vector<Migration>& embedded_migrations(EngineKind engine = EngineKind::sqlite);

// Reads the header lines. Errors: StoreError naming the file and what its header lacks.
Migration parse_migration(std::string_view file_name, std::string sql);

// The embedded steps followed by those of a directory ("" for none).
std::vector<Migration> migrations_with(const std::string& directory, EngineKind engine = EngineKind::sqlite);

struct SchemaStatus {
    int applied = 0;         // newest version in the database, 0 for an empty one
    int known = 0;           // newest version of this program
    int oldest_program = 0;  // programs that know less than this must not run on the database
    std::vector<std::string> pending;
};

SchemaStatus schema_status(Connection& connection, const std::vector<Migration>& migrations);

// The table in which the steps applied are kept; does nothing when it is there.
void make_version_table(Connection& connection);

// Applies what is pending, step by step, safely against other processes that do the same.
// Returns the names applied. Errors: StoreError naming the step.
std::vector<std::string> migrate_up(Connection& connection, const std::vector<Migration>& migrations);

// Throws StoreError, saying what to do, when this program must not work on the database as it is.
void require_usable_schema(const SchemaStatus& status);

}  // namespace forum
