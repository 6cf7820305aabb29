// Records of releases as rows: opaque texts that are replaced as a whole.
//
// The table is made by the first write and belongs to no format: a program that does not know it loses nothing.
// Errors: SQLite's, thrown. put() and drop() within a transaction.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/store/database.h"

namespace switchyard::control::release_rows {

void put(Database& db, const std::string& id, const std::string& text);
void drop(Database& db, const std::vector<std::string>& ids);
std::map<std::string, std::string> all(Database& db);

}  // namespace switchyard::control::release_rows
