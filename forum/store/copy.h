// Copies a whole forum from one database to another, of whatever engines: every table in the order of its foreign keys
// with its row ids, then the full-text index made anew. Each table is read back and compared.
//
// The forum stands still meanwhile: what is written to the source after the copy began stays behind.
// Threads: one. Errors: StoreError; the target is then to be thrown away.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "forum/store/connection.h"

namespace forum {

// Both at the schema of this program, the target without users. `report` is told each table and its rows.
void copy_forum(Connection& from, Connection& to, const std::function<void(std::string_view, std::int64_t)>& report);

}  // namespace forum
