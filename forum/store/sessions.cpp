#include "forum/store/sessions.h"

#include "forum/auth/digest.h"
#include "forum/domain/public_id.h"

namespace forum {

namespace {

// HS256 wants a key of at least the length of its output (RFC 7518 §3.2).
constexpr std::size_t kSecretBytes = 32;
// Rows deleted in one transaction: housekeeping must not hold the write lock long.
constexpr int kForgetAtOnce = 500;

Session session_from(const Query& query, int first) {
    Session session;
    session.row = query.integer(first);
    session.public_id = query.text(first + 1);
    session.user = query.integer(first + 2);
    session.expires_at = query.integer(first + 3);
    session.revoked = !query.is_null(first + 4);
    return session;
}

}  // namespace

Session open_session(Connection& connection, std::int64_t user, Instant at, Instant expires_at) {
    Session session{0, public_id_from(random_bits()), user, expires_at, false};
    connection.query("INSERT INTO sessions (public_id, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)"_sql)
        .with(session.public_id, user, at, expires_at)
        .run();
    session.row = connection.last_row_id();
    return session;
}

std::optional<LiveSession> live_session(Connection& connection, std::string_view public_id, Instant at) {
    Query query = connection.query(
        "SELECT s.id, s.user_id, u.username, u.role, u.banned_until FROM sessions s JOIN users u ON u.id = s.user_id "
        "WHERE s.public_id = ?1 AND s.revoked_at IS NULL AND s.expires_at > ?2"_sql);
    query.with(public_id, at);
    if (!query.step()) return std::nullopt;
    return LiveSession{query.integer(0), query.integer(1), query.text(2),
                       role_named(query.view(3)).value_or(Role::member), query.integer(4)};
}

void revoke_session(Connection& connection, std::int64_t row, Instant at) {
    connection.query("UPDATE sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL"_sql)
        .with(row, at)
        .run();
}

void revoke_sessions_of(Connection& connection, std::int64_t user, Instant at) {
    connection.query("UPDATE sessions SET revoked_at = ?2 WHERE user_id = ?1 AND revoked_at IS NULL"_sql)
        .with(user, at)
        .run();
}

void add_refresh_token(Connection& connection, std::int64_t session, std::string_view token_hash, Instant at) {
    connection.query("INSERT INTO refresh_tokens (token_hash, session_id, issued_at) VALUES (?, ?, ?)"_sql)
        .with(token_hash, session, at)
        .run();
}

std::optional<RefreshToken> refresh_token_with(Connection& connection, std::string_view token_hash) {
    Query query = connection.query(
        "SELECT s.id, s.public_id, s.user_id, s.expires_at, s.revoked_at, t.used_at FROM refresh_tokens t "
        "JOIN sessions s ON s.id = t.session_id WHERE t.token_hash = ?"_sql);
    query.with(token_hash);
    if (!query.step()) return std::nullopt;
    return RefreshToken{session_from(query, 0), query.maybe_integer(5)};
}

void mark_refresh_token_used(Connection& connection, std::string_view token_hash, Instant at) {
    connection.query("UPDATE refresh_tokens SET used_at = ?2 WHERE token_hash = ?1"_sql).with(token_hash, at).run();
}

std::vector<SigningKey> signing_keys(Connection& connection, Instant at) {
    Query query = connection.query(
        "SELECT kid, secret, created_at FROM signing_keys WHERE retire_at IS NULL OR retire_at > ? "
        "ORDER BY created_at DESC, kid"_sql);
    query.with(at);
    std::vector<SigningKey> keys;
    while (query.step()) keys.push_back({query.text(0), query.text(1), query.integer(2)});
    return keys;
}

SigningKey rotate_signing_key(Connection& connection, Instant at, Instant overlap) {
    connection.query("UPDATE signing_keys SET retire_at = ? WHERE retire_at IS NULL"_sql).with(at + overlap).run();
    SigningKey key{public_id_from(random_bits()), base64url(random_bytes(kSecretBytes)), at};
    connection.query("INSERT INTO signing_keys (kid, secret, created_at) VALUES (?, ?, ?)"_sql)
        .with(key.kid, key.secret, at)
        .run();
    return key;
}

std::optional<Instant> newest_activity(Connection& connection) {
    Query query = connection.query(
        "SELECT max(at) FROM (SELECT (SELECT min(created_at) FROM (SELECT created_at FROM sessions ORDER BY id DESC "
        "LIMIT 21) AS s) AS at UNION ALL SELECT (SELECT min(created_at) FROM (SELECT created_at FROM posts ORDER BY id "
        "DESC LIMIT 21) AS p)) AS newest"_sql);
    if (!query.step()) return std::nullopt;
    return query.maybe_integer(0);
}

void forget_expired(Connection& connection, Instant at) {
    connection
        .query(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM (SELECT id FROM sessions WHERE expires_at < ? LIMIT ?) AS old)"_sql)
        .with(at, kForgetAtOnce)
        .run();
    connection.query("DELETE FROM signing_keys WHERE retire_at < ?"_sql).with(at).run();
    connection
        .query(
            "DELETE FROM idempotency_keys WHERE (user_id, \"key\") IN (SELECT user_id, \"key\" FROM "
            "(SELECT user_id, \"key\" FROM idempotency_keys WHERE created_at < ? LIMIT ?) AS old)"_sql)
        .with(at - kDay, kForgetAtOnce)
        .run();
}

}  // namespace forum
