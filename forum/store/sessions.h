// Logins: sessions, their refresh tokens, and the keys that sign access tokens.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/auth/access_token.h"
#include "forum/store/accounts.h"

namespace forum {

struct Session {
    std::int64_t row = 0;
    std::string public_id;
    std::int64_t user = 0;
    Instant expires_at = 0;
    bool revoked = false;
};

Session open_session(Connection& connection, std::int64_t user, Instant at, Instant expires_at);

// What one request needs to know about the session it names.
struct LiveSession {
    std::int64_t row = 0;
    std::int64_t user = 0;
    std::string username;
    Role role = Role::member;
    Instant banned_until = 0;
};
// Nothing when the session is revoked, has expired or never was.
std::optional<LiveSession> live_session(Connection& connection, std::string_view public_id, Instant at);
void revoke_session(Connection& connection, std::int64_t row, Instant at);
void revoke_sessions_of(Connection& connection, std::int64_t user, Instant at);

void add_refresh_token(Connection& connection, std::int64_t session, std::string_view token_hash, Instant at);

struct RefreshToken {
    Session session;
    std::optional<Instant> used_at;
};
std::optional<RefreshToken> refresh_token_with(Connection& connection, std::string_view token_hash);
void mark_refresh_token_used(Connection& connection, std::string_view token_hash, Instant at);

// Newest first. Retired keys are left out.
std::vector<SigningKey> signing_keys(Connection& connection, Instant at);
// The newest key from now on; the others verify for `overlap` longer.
SigningKey rotate_signing_key(Connection& connection, Instant at, Instant overlap);

// The least of the newest few times at which a user logged in or wrote a post, whichever is later of the two: not
// far behind now where anything goes on, and never ahead of it because of a single clock that is. Nothing in a new
// database.
std::optional<Instant> newest_activity(Connection& connection);

// Deletes sessions that expired, keys that retired and idempotency keys older than a day.
void forget_expired(Connection& connection, Instant at);

}  // namespace forum
