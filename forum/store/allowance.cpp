#include "forum/store/allowance.h"

namespace forum {

// In the order in which they stand: MariaDB looks at what the assignments before it made of a column.
#define STILL(COLUMN, IN_DAY, NEW_DAY) \
    COLUMN " = CASE WHEN abs(excluded.began_at - allowances.began_at) < ?5 THEN " IN_DAY " ELSE " NEW_DAY " END"

Allowance use_allowance(Connection& connection, std::int64_t user, std::int64_t texts, std::int64_t bytes, Instant at) {
    Query used = connection.query(
        "INSERT INTO allowances (user_id, began_at, texts, bytes) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (user_id) DO "
        "UPDATE SET " STILL("texts", "allowances.texts + excluded.texts", "excluded.texts") ", "
        STILL("bytes", "allowances.bytes + excluded.bytes", "excluded.bytes") ", "
        STILL("began_at", "allowances.began_at", "excluded.began_at") " "
        "RETURNING texts, bytes, began_at"_sql);
    used.with(user, at, texts, bytes, kDay).step();
    return {used.integer(0), used.integer(1), used.integer(2) + kDay};
}

}  // namespace forum
