// Which certificates a generation showed when it was made: beside the generations, so that a version from before this
// table still reads the file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "control/store/members.h"

namespace switchyard::control::certificate_rows {

// Name → SHA-256, in the order of the names.
void put(Database& db, std::uint64_t generation, const std::map<std::string, std::string>& certificates);
std::map<std::string, std::string> of(Database& db, std::uint64_t generation);
// Of generations that are in the history no more.
void forget(Database& db);

}  // namespace switchyard::control::certificate_rows
