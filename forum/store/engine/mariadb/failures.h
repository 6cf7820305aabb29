// What MariaDB's and its client library's numbers of errors mean to the store.
//
// Pure but for the texts that are read. Threads: the connection's.
#pragma once

#include <string_view>

#include "forum/store/engine/store_error.h"

struct st_mysql;
struct st_mysql_stmt;

namespace forum {

StoreFailure mariadb_failure(unsigned code);

// Throw what the last call of the connection or statement failed with: StoreError or ConstraintError.
[[noreturn]] void raise_mariadb(st_mysql* connection, std::string_view where);
[[noreturn]] void raise_mariadb(st_mysql_stmt* statement, std::string_view where);

}  // namespace forum
