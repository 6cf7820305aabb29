#include "forum/store/allowance.h"

namespace forum {

Allowance use_allowance(Connection& connection, std::int64_t user, std::int64_t texts, std::int64_t bytes, Instant at) {
    Query used = connection.query(
        "INSERT INTO allowances (user_id, began_at, texts, bytes) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (user_id) DO "
        "UPDATE "
        "SET began_at = iif(abs(excluded.began_at - began_at) < ?5, began_at, excluded.began_at), "
        "texts = iif(abs(excluded.began_at - began_at) < ?5, texts, 0) + excluded.texts, "
        "bytes = iif(abs(excluded.began_at - began_at) < ?5, bytes, 0) + excluded.bytes "
        "RETURNING texts, bytes, began_at"_sql);
    used.with(user, at, texts, bytes, kDay).step();
    return {used.integer(0), used.integer(1), used.integer(2) + kDay};
}

}  // namespace forum
