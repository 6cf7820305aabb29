#include "forum/store/idempotency.h"

namespace forum {

std::optional<KeptAnswer> kept_answer(Connection& connection, std::int64_t user, std::string_view key) {
    Query query = connection.query(
        "SELECT request_hash, status, body, location, etag FROM idempotency_keys WHERE user_id = ? AND \"key\" = ?"_sql);
    query.with(user, key);
    if (!query.step()) return std::nullopt;
    return KeptAnswer{query.text(0), static_cast<int>(query.integer(1)), query.text(2), query.text(3), query.text(4)};
}

void keep_answer(Connection& connection, std::int64_t user, std::string_view key, const KeptAnswer& answer,
                 Instant at) {
    connection
        .query(
            "INSERT INTO idempotency_keys (user_id, \"key\", request_hash, status, body, location, etag, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"_sql)
        .with(user, key, answer.request_hash, answer.status, answer.body, answer.location, answer.etag, at)
        .run();
}

}  // namespace forum
