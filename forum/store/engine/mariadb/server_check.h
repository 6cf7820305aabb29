// Whether a MariaDB server and its database can keep what the forum promises. All that is wrong is told at once, each
// with its place and its cure.
//
// Threads: the session's. Errors: StoreError.
#pragma once

#include "forum/store/engine/database_session.h"
#include "forum/store/engine/mariadb/address.h"

namespace forum {

// Version, collation, strictness, durability, connections: what must hold before a table is made.
void require_fit_server(DatabaseSession& session, const MariadbAddress& address);

// The rights on tables that a serving program needs, once there are tables.
void require_rights(DatabaseSession& session, const MariadbAddress& address);

}  // namespace forum
