#include "forum/store/text_index.h"

#include "forum/store/mariadb_text_index.h"
#include "forum/store/sqlite_text_index.h"

namespace forum {

const TextIndex& text_index(Connection& connection) {
    static const SqliteTextIndex sqlite;
    static const MariadbTextIndex mariadb;
    if (connection.session().kind() == EngineKind::mariadb) return mariadb;
    return sqlite;
}

}  // namespace forum
