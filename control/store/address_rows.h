// Last good addresses of names: facts beside the generations, of use to the next start only.
//
// The table is made by the first write and belongs to no format: a program that does not know it loses nothing.
// Errors: SQLite's, thrown.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/store/database.h"

namespace switchyard::control {

// A name without addresses is forgotten. Inside a transaction.
void put_addresses(Database& db, const std::map<std::string, std::vector<std::string>>& rows);
std::map<std::string, std::vector<std::string>> read_addresses(Database& db);

}  // namespace switchyard::control
