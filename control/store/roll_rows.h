// What was last discovered for upstreams: facts beside the generations, of use to the next start only.
//
// The table is made by the first write and belongs to no format: a program that does not know it loses nothing.
// Errors: SQLite's, thrown.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "control/store/database.h"

namespace switchyard::control {

using RollRows = std::map<std::string, std::pair<std::string, std::string>>;  // by upstream: its source, what it named

// A row without a source is forgotten. Inside a transaction.
void put_rolls(Database& db, const RollRows& rows);
RollRows read_rolls(Database& db);

}  // namespace switchyard::control
