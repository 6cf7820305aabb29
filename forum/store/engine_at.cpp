#include "forum/store/engine_at.h"

#include <string_view>

#include "forum/store/engine/sqlite/engine.h"
#ifdef FORUM_MARIADB
#include "forum/store/engine/mariadb/engine.h"
#endif

namespace forum {

namespace {
constexpr std::string_view kSqlite = "sqlite:";
constexpr std::string_view kMariadb = "mariadb://";
}  // namespace

EngineKind kind_of(const std::string& address) {
    return address.starts_with(kMariadb) ? EngineKind::mariadb : EngineKind::sqlite;
}

std::string file_of(const std::string& address) {
    return address.starts_with(kSqlite) ? address.substr(kSqlite.size()) : address;
}

std::string engines_built_in() {
#ifdef FORUM_MARIADB
    return "sqlite, mariadb";
#else
    return "sqlite";
#endif
}

std::unique_ptr<Engine> engine_at(const std::string& address) {
    for (const std::string_view other : {"mysql://", "postgres://", "postgresql://", "mariadb:"}) {
        if (!address.starts_with(other) || address.starts_with(kMariadb)) continue;
        throw StoreError("database address: there is no engine for " + std::string(other) +
                         "…; give the name of a SQLite file, or mariadb://USER@HOST/NAME");
    }
    if (kind_of(address) == EngineKind::sqlite) return std::make_unique<SqliteEngine>(file_of(address));
#ifdef FORUM_MARIADB
    return std::make_unique<MariadbEngine>(address);
#else
    throw StoreError("this program was built without MariaDB (-DFORUM_MARIADB=ON, with libmariadb-dev)");
#endif
}

}  // namespace forum
